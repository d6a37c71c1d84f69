import { describe, expect, it } from "vitest";
import { format, formatTicks, type Unit } from "./units";

describe("format", () => {
  it.each<[Unit, number, string]>([
    ["bytes", 0, "0 B"],
    ["bytes", 999, "999 B"],
    ["bytes", 1536, "1.50 KiB"],
    ["bytes", 1023 * 1024, "1.00 MiB"],
    ["bytes", 24 * 1024 ** 3, "24.0 GiB"],
    ["bytesPerSecond", 2.5 * 1024 ** 2, "2.50 MiB/s"],
    ["percent", 4.25, "4.3 %"],
    ["percent", 100, "100 %"],
    ["ratio", 0.0425, "4.3 %"],
    ["ratio", 2, "200 %"],
    ["seconds", 0.0042, "4.20 ms"],
    ["seconds", 90, "1.50 min"],
    ["seconds", 0, "0 s"],
    ["count", 1.256, "1.26"],
    ["count", 12_400, "12.4 k"],
    ["perSecond", 0.5, "0.50 /s"],
    ["percent", -0.01, "0.0 %"],
  ])("%s %d reads %s", (unit, value, text) => expect(format(unit, value)).toBe(text));
  it.each([null, undefined, NaN, Infinity])("%s is a dash", (value) => expect(format("bytes", value)).toBe("–"));
});

describe("formatTicks", () => {
  it("keeps one unit and as many decimals as the ticks need", () =>
    expect(formatTicks("bytes", [0, 512 * 1024, 1024 * 1024])).toEqual(["0", "0.5 MiB", "1.0 MiB"]));
  it("writes what is drawn below zero without a sign", () =>
    expect(formatTicks("bytesPerSecond", [-1024, 0, 1024])).toEqual(["1 KiB/s", "0", "1 KiB/s"]));
});
