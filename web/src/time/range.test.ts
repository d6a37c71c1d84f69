import { describe, expect, it } from "vitest";
import { DEFAULT_RANGE, readRange, sameRange, sayRange, windowOf, writeRange, zoomTo, type TimeRange } from "./range";

const read = (text: string): TimeRange => readRange(new URLSearchParams(text));
const write = (range: TimeRange, text = ""): string => writeRange(new URLSearchParams(text), range).toString();

describe("readRange", () => {
  it("means the last 15 minutes, live, when nothing is said", () => expect(read("")).toEqual(DEFAULT_RANGE));
  it("reads a relative range", () => expect(read("range=1h30m")).toEqual({ kind: "last", seconds: 5400, live: true }));
  it("reads weeks and years as PromQL does", () => expect(read("range=1y2w")).toEqual({ kind: "last", seconds: 379 * 86400, live: true }));
  it("reads a held one", () => expect(read("range=1h&live=0")).toEqual({ kind: "last", seconds: 3600, live: false }));
  it("reads an absolute one", () => expect(read("from=100&to=200")).toEqual({ kind: "between", from: 100, to: 200 }));
  it.each(["from=200&to=100", "from=a&to=b", "from=100", "range=", "range=-5m", "range=1x", "from=&to="])(
    "falls back to the default on %s",
    (text) => expect(read(text)).toEqual(DEFAULT_RANGE),
  );
});

describe("writeRange", () => {
  it("leaves the default out of the address", () => expect(write(DEFAULT_RANGE)).toBe(""));
  it("keeps what is not about time", () => expect(write({ kind: "between", from: 1, to: 50 }, "tab=x&range=1h")).toBe("tab=x&from=1&to=50"));
  it.each<TimeRange>([
    DEFAULT_RANGE,
    { kind: "last", seconds: 900, live: false },
    { kind: "last", seconds: 172800, live: true },
    { kind: "between", from: 1763700000, to: 1763703600 },
  ])("is read back as it was written: %o", (range) => expect(read(write(range))).toEqual(range));
});

it("a window of the last seconds ends now", () => expect(windowOf(DEFAULT_RANGE, 1000)).toEqual({ from: 100, to: 1000 }));
it("zooming into a sliver widens it around its middle", () => expect(zoomTo(100, 102)).toEqual({ kind: "between", from: 86, to: 116 }));
it("says relative ranges in words", () => {
  expect(sayRange(DEFAULT_RANGE)).toBe("Last 15 minutes");
  expect(sayRange({ kind: "last", seconds: 3600, live: true })).toBe("Last hour");
});
it("tells live from held", () => expect(sameRange(DEFAULT_RANGE, { ...DEFAULT_RANGE, live: false } as TimeRange)).toBe(false));
