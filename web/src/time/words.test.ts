import { describe, expect, it } from "vitest";
import { parseDuration, printDuration, sayDuration, shortDuration } from "./duration";
import { absoluteTime, lasting, parseAbsolute, relativeTime } from "./words";

describe("durations", () => {
  it.each(["30s", "15m", "1h30m", "2d"])("print as they parse: %s", (text) => expect(printDuration(parseDuration(text) ?? 0)).toBe(text));
  it.each(["", "15", "m", "0s", "1.5h", "15 m"])("refuse %o", (text) => expect(parseDuration(text)).toBeNull());
  it("are said in full", () => expect(sayDuration(5400)).toBe("1 hour 30 minutes"));
  it("are cut to the two largest parts", () => expect(shortDuration(90061)).toBe("1 d 1 h"));
  it("skip no part: seconds do not follow hours", () => expect([shortDuration(10847), shortDuration(86_400 + 59), shortDuration(3_599.7)]).toEqual(["3 h", "1 d", "1 h"]));
});

describe("moments", () => {
  it("are relative", () => {
    expect(relativeTime(100, 102)).toBe("2 s ago");
    expect(relativeTime(100, 100.2)).toBe("just now");
    expect(lasting(100, 290)).toBe("for 3 min 10 s");
  });
  it("in the future are just now", () => expect(relativeTime(110, 100)).toBe("just now"));
  it("are read back as written", () => expect(parseAbsolute(absoluteTime(1763700000))).toBe(1763700000));
  it.each(["2026-02-30 10:00", "2026-11-21 25:00", "yesterday", ""])("refuse %o", (text) => expect(parseAbsolute(text)).toBeNull());
});
