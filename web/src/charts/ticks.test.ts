import { describe, expect, it } from "vitest";
import { fixedAxis, formatTimeTicks, logarithmicAxis, timeTicks, valueAxis } from "./ticks";
import type { Unit } from "./units";

describe("valueAxis", () => {
  const spans: Array<[number, number]> = [[0, 0.003], [0, 1], [0, 1.3], [0, 5.5], [0, 97], [-3, 8], [-1e9, 2e10], [0, 1023], [0, 1.1e12], [2, 3]];
  it.each(spans)("covers %d to %d and zero with two to five ticks", (low, high) => {
    for (const unit of ["count", "bytes"] as Unit[]) {
      const { min, max, ticks } = valueAxis(low, high, unit);
      expect(min).toBeLessThanOrEqual(Math.min(0, low));
      expect(max).toBeGreaterThanOrEqual(high);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(5);
      expect(ticks.some((tick) => Math.abs(tick) < 1e-12)).toBe(true);
    }
  });
  it("does not go below zero for values that do not", () => expect(valueAxis(0.5, 1.9, "count")).toEqual({ min: 0, max: 2, ticks: [0, 0.5, 1, 1.5, 2] }));
  it("stands when there is nothing to show", () => expect(valueAxis(Infinity, -Infinity, "bytes")).toEqual({ min: 0, max: 1, ticks: [0, 1] }));
  it("steps bytes by powers of two", () => expect(valueAxis(0, 7 * 1024 ** 2, "bytes").ticks[1]).toBe(2 * 1024 ** 2));
});

describe("fixedAxis", () => {
  it("quarters a hundred percent", () => expect(fixedAxis(100, "percent").ticks).toEqual([0, 25, 50, 75, 100]));
  it("keeps ticks round below an odd size", () => {
    const { max, ticks } = fixedAxis(23.4 * 1024 ** 3, "bytes");
    expect(max).toBe(23.4 * 1024 ** 3);
    expect(ticks.every((tick) => Number.isInteger(tick / 1024 ** 3))).toBe(true);
  });
});

describe("timeTicks", () => {
  it.each([10, 60, 900, 3600, 86400, 30 * 86400])("puts one to five inside %d s", (length) => {
    const from = 1763700123;
    const ticks = timeTicks(from, from + length);
    expect(ticks.length).toBeGreaterThanOrEqual(1);
    expect(ticks.length).toBeLessThanOrEqual(5);
    expect(ticks.every((tick) => tick >= from && tick <= from + length)).toBe(true);
  });
  it("shows seconds only when ticks are that close", () => {
    expect(formatTimeTicks([1763700000, 1763700010])[0]).toMatch(/^\d\d:\d\d:\d\d$/);
    expect(formatTimeTicks([1763700000, 1763700300])[0]).toMatch(/^\d\d:\d\d$/);
  });
});

describe("logarithmicAxis", () => {
  const spans: Array<[number, number]> = [[1, 1], [0.003, 0.02], [1, 1e9], [18e9, 20e9], [7, 1e12], [0, 0]];
  it.each(spans)("covers %d to %d with two to five ticks", (low, high) => {
    for (const unit of ["count", "bytes"] as Unit[]) {
      const { min, max, ticks } = logarithmicAxis(low, high, unit);
      expect(min).toBeGreaterThan(0);
      if (low > 0) expect(min).toBeLessThanOrEqual(low * 1.000001);
      expect(max).toBeGreaterThanOrEqual(high * 0.999999);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(5);
    }
  });
  it("steps by powers of two for bytes", () => expect(logarithmicAxis(3 * 1024, 30 * 1024, "bytes").ticks).toEqual([2048, 4096, 8192, 16384, 32768]));
  it("has steps within one power of ten", () => expect(logarithmicAxis(12, 80, "count").ticks).toEqual([10, 20, 50, 100]));
});
