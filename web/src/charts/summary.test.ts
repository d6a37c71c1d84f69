import { describe, expect, it } from "vitest";
import { stack } from "./stack";
import { isNothing, lonelyPoints, summarise } from "./summary";

describe("summarise", () => {
  it("leaves gaps out", () => expect(summarise([1, null, 3])).toEqual({ last: 3, min: 1, max: 3, mean: 2 }));
  it("has no last value once the series has ended", () => expect(summarise([1, ...Array<null>(8).fill(null)]).last).toBeNull());
  it("is empty for an empty series", () => expect(summarise([null])).toEqual({ last: null, min: null, max: null, mean: null }));
});

describe("stack", () => {
  it("adds up from the first", () => expect(stack([[1, 2], [10, 20]])).toEqual([[1, 2], [11, 22]]));
  it("keeps a gap where all have one", () => expect(stack([[1, null], [2, null]])).toEqual([[1, null], [3, null]]));
  it("counts a single missing or negative part as nothing", () => expect(stack([[1, 2], [null, -5]])).toEqual([[1, 2], [1, 2]]));
});

it("finds the points that no line would show", () => expect(lonelyPoints([1, null, 2, 3, null, 4])).toEqual([0, 5]));

it("is nothing without a value but zero", () => {
  expect(isNothing([0, null, 0])).toBe(true);
  expect(isNothing([])).toBe(true);
  expect(isNothing([0, 1e-9, null])).toBe(false);
});
