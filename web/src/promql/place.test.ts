import { expect, it } from "vitest";
import { readComplaint, stretchAt } from "./place";

it("a message is parted from its place", () =>
  expect(readComplaint('1:6: parse error: expected type range vector')).toEqual({ message: "Expected type range vector", line: 1, column: 6 }));
it("a message may begin with the parameter", () =>
  expect(readComplaint('invalid parameter "query": 1:6: parse error: not so')).toEqual({ message: "Not so", line: 1, column: 6 }));
it("a message without a place stays", () => expect(readComplaint("query timed out")).toEqual({ message: "Query timed out", line: null, column: null }));
it("the word at the place is marked", () => expect(stretchAt("rate(foo)", 1, 6)).toEqual({ from: 5, to: 8 }));
it("lines are counted", () => expect(stretchAt("a +\n  bar", 2, 3)).toEqual({ from: 6, to: 9 }));
it("a query that ends too soon is marked at its last character", () => expect(stretchAt("rate(foo  ", 1, 9)).toEqual({ from: 7, to: 8 }));
it("characters outside the basic plane count as one", () => expect(stretchAt('"😀" x', 1, 5)).toEqual({ from: 5, to: 6 }));
it("an empty query has nothing to mark", () => expect(stretchAt("", 1, 1)).toEqual({ from: 0, to: 0 }));
