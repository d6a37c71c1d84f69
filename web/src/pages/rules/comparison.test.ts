import { describe, expect, it } from "vitest";
import { comparedOf, expressionOf } from "./comparison";

describe("comparedOf", () => {
  it.each([
    ["node_load1 > 4", { query: "node_load1", comparison: ">", value: 4 }],
    ["100 * (1 - a / b) >= 2.5e1", { query: "100 * (1 - a / b)", comparison: ">=", value: 25 }],
    ['up{job="a > b"} == 0', { query: 'up{job="a > b"}', comparison: "==", value: 0 }],
    ["temperature < -5", { query: "temperature", comparison: "<", value: -5 }],
    ["(a or b) > 5", { query: "(a or b)", comparison: ">", value: 5 }],
  ])("reads %s", (expr, parts) => expect(comparedOf(expr)).toEqual(parts));
  it.each(["node_load1", "a or b > 5", "a > b", "a > bool 5", "sum(a > 5)", "a > 5 + 1", "5 < a", "> 5", "a > 5m"])("takes %s for no such condition", (expr) => expect(comparedOf(expr)).toBeNull());
});

describe("expressionOf", () => {
  it.each([["a", "a > 5"], ["a + b", "(a + b) > 5"], ["sum(a + b)", "sum(a + b) > 5"], ["-a", "-a > 5"], ["a or b", "(a or b) > 5"]])("compares the whole of %s", (query, expr) => expect(expressionOf({ query, comparison: ">", value: "5" })).toBe(expr));
});
