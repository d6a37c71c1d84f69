import { describe, expect, it } from "vitest";
import { endings } from "./until";

const at = (...parts: [number, number, number, number]): number => new Date(parts[0], parts[1], parts[2], parts[3]).getTime() / 1000;
const end = (start: number, word: string): number | undefined => endings(start).find((one) => one.word === word)?.until;

describe("endings", () => {
  it("lasts so long", () => expect(end(at(2026, 10, 18, 15), "4 hours")).toBe(at(2026, 10, 18, 19)));
  it("ends in the morning after, also of one who is up late", () => {
    expect(end(at(2026, 10, 18, 15), "Until tomorrow 08:00")).toBe(at(2026, 10, 19, 8));
    expect(end(at(2026, 10, 18, 3), "Until tomorrow 08:00")).toBe(at(2026, 10, 19, 8));
  });
  it("ends on Monday, where that is not tomorrow anyway", () => {
    expect(end(at(2026, 10, 18, 15), "Until Monday 08:00")).toBe(at(2026, 10, 23, 8));
    expect(end(at(2026, 10, 23, 15), "Until Monday 08:00")).toBe(at(2026, 10, 30, 8));
    expect(end(at(2026, 10, 22, 15), "Until Monday 08:00")).toBeUndefined();
  });
});
