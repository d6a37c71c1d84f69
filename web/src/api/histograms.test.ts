import { expect, it } from "vitest";
import { readable } from "./histograms";
import type { InstantResult } from "./responses";

const histogram = { count: "12", sum: "3.4", buckets: [[0, "0.5", "1", "12"]] };

it("an element that is a native histogram is told in words", () => {
  const answered = { resultType: "vector", result: [{ metric: { a: "1" }, value: [1, "2"] }, { metric: { a: "2" }, histogram: [1, histogram] }] };
  expect(readable(answered as unknown as InstantResult)).toEqual({
    resultType: "vector",
    result: [{ metric: { a: "1" }, value: [1, "2"] }, { metric: { a: "2" }, value: [1, "count 12, sum 3.4"] }],
  });
});
it("floats and native histograms of a series are one list in order of time", () => {
  const answered = { resultType: "matrix", result: [{ metric: {}, values: [[1, "2"], [3, "4"]], histograms: [[2, histogram]] }, { metric: {}, histograms: [[2, histogram]] }] };
  expect(readable(answered as unknown as InstantResult)).toEqual({
    resultType: "matrix",
    result: [{ metric: {}, values: [[1, "2"], [2, "count 12, sum 3.4"], [3, "4"]] }, { metric: {}, values: [[2, "count 12, sum 3.4"]] }],
  });
});
it("other answers stay as they are", () => expect(readable({ resultType: "scalar", result: [1, "2"] })).toEqual({ resultType: "scalar", result: [1, "2"] }));
