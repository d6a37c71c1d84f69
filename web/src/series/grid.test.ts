import { describe, expect, it } from "vitest";
import type { MatrixResult } from "../api/responses";
import { gridBounds, latest, mergeTail, missingFrom, type Grid } from "./grid";
import { linesOf, total } from "./lines";

const answer = (series: Record<string, Array<[number, number]>>): MatrixResult => ({
  resultType: "matrix",
  result: Object.entries(series).map(([device, values]) => ({ metric: { device }, values: values.map(([t, v]) => [t, String(v)]) })),
});
const column = (grid: Grid, device: string): unknown => grid.series.find((series) => series.labels.device === device)?.values;

const first = mergeTail(undefined, answer({ sda: [[100, 1], [105, 2], [110, 3]] }), 100, { from: 100, to: 110 }, 5);

describe("mergeTail", () => {
  it("lays samples on the grid", () => {
    expect(first.times).toEqual([100, 105, 110]);
    expect(column(first, "sda")).toEqual([1, 2, 3]);
  });
  it("appends the tail and drops what left the window", () => {
    const next = mergeTail(first, answer({ sda: [[105, 2], [110, 3.5], [115, 4]] }), 105, { from: 105, to: 115 }, 5);
    expect(column(next, "sda")).toEqual([2, 3.5, 4]);
  });
  it("keeps gaps as gaps", () => {
    const next = mergeTail(first, answer({ sda: [[120, 5]] }), 110, { from: 100, to: 120 }, 5);
    expect(column(next, "sda")).toEqual([1, 2, null, null, 5]);
  });
  it("starts a series that appears and ends one that left", () => {
    const next = mergeTail(first, answer({ sdb: [[115, 9]] }), 110, { from: 100, to: 115 }, 5);
    expect(column(next, "sda")).toEqual([1, 2, null, null]);
    expect(column(next, "sdb")).toEqual([null, null, null, 9]);
  });
  it("forgets a series when its last point leaves the window", () => {
    expect(mergeTail(first, answer({}), 115, { from: 115, to: 125 }, 5).series).toEqual([]);
  });
  it("begins anew when everything was asked", () => {
    const next = mergeTail(first, answer({ sda: [[200, 7]] }), 200, { from: 200, to: 205 }, 5);
    expect(column(next, "sda")).toEqual([7, null]);
  });
  it("takes NaN and Inf as gaps", () => {
    const odd: MatrixResult = { resultType: "matrix", result: [{ metric: {}, values: [[100, "NaN"], [105, "+Inf"]] }] };
    expect(mergeTail(undefined, odd, 100, { from: 100, to: 105 }, 5).series[0]?.values).toEqual([null, null]);
  });
});

describe("missingFrom", () => {
  it("asks for everything at first", () => expect(missingFrom(undefined, { from: 100, to: 200 }, 5)).toBe(100));
  it("asks the newest two points again", () => expect(missingFrom(first, { from: 100, to: 115 }, 5)).toBe(105));
  it("asks for everything when the window begins earlier", () => expect(missingFrom(first, { from: 90, to: 115 }, 5)).toBe(90));
  it("asks for everything after a silence longer than the window", () => expect(missingFrom(first, { from: 500, to: 600 }, 5)).toBe(500));
  it("asks for everything at another step", () => expect(missingFrom(first, { from: 100, to: 115 }, 15)).toBe(100));
});

it("bounds lie on the step's multiples", () => expect(gridBounds({ from: 101, to: 119 }, 5)).toEqual({ from: 100, to: 115 }));
it("latest looks back only so far", () => {
  expect(latest([1, null, null])).toBe(1);
  expect(latest([1, ...Array<null>(9).fill(null)])).toBeNull();
});

describe("linesOf", () => {
  it("keeps of a stack what all parts cover", () => {
    const later = mergeTail(undefined, answer({ sda: [[105, 20], [110, 30], [115, 40]] }), 105, { from: 105, to: 115 }, 5);
    const source = { expression: () => "", name: () => "part" };
    const { times, lines } = linesOf([source, source], [first, later], true) ?? { times: [], lines: [] };
    expect(times).toEqual([105, 110]);
    expect(lines.map((line) => line.values)).toEqual([[2, 3], [20, 30]]);
  });
  it("waits while grids differ in step", () => {
    const coarse = mergeTail(undefined, answer({ sda: [[120, 1]] }), 120, { from: 120, to: 180 }, 60);
    const source = { expression: () => "", name: () => "" };
    expect(linesOf([source, source], [first, coarse])).toBeNull();
  });
  it("brings grids that end a step apart onto one time column", () => {
    const later = mergeTail(undefined, answer({ sda: [[105, 20], [110, 30], [115, 40]] }), 105, { from: 105, to: 115 }, 5);
    const source = { expression: () => "", name: ({ device }: Record<string, string>) => device ?? "" };
    const { times, lines } = linesOf([source, { ...source, mirrored: true }], [first, later]) ?? { times: [], lines: [] };
    expect(times).toEqual([100, 105, 110, 115]);
    expect(lines.map((line) => line.values)).toEqual([[1, 2, 3, null], [null, 20, 30, 40]]);
    expect(lines[0]?.slot).toBe(lines[1]?.slot);
    expect(total(lines)).toEqual([1, 22, 33, 40]);
  });
});
