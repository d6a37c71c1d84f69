import { expect, it } from "vitest";
import { countLabels, percentileOf, searchNames, selectorFor, suggestionsFor, togglePick } from "./selection";

it("one value is matched by equality, several by a regular expression", () =>
  expect(selectorFor("up", { job: ["a.b", "c"], instance: ['x"y'] })).toBe('up{instance="x\\"y",job=~"a\\\\.b|c"}'));
it("a name that is no identifier is matched as a label", () => expect(selectorFor("http.requests", {})).toBe('{__name__="http.requests"}'));
it("picking again takes away", () => expect(togglePick(togglePick({}, "a", "1"), "a", "1")).toEqual({}));
it("counters are offered as rates, buckets as percentiles, gauges as they are", () => {
  expect(suggestionsFor("counter", "x_total", "x_total", "1m")).toEqual([{ word: "Rate it", expr: "rate(x_total[1m])" }]);
  expect(suggestionsFor("histogram", "x_bucket", "x_bucket", "1m")[0]?.expr).toBe("histogram_quantile(0.95, sum by (le) (rate(x_bucket[1m])))");
  expect(suggestionsFor("histogram", "x", "x", "1m").map(({ expr }) => expr)).toEqual(["histogram_quantile(0.95, sum(rate(x[1m])))", "histogram_count(rate(x[1m]))", "histogram_avg(rate(x[1m]))"]);
  expect(suggestionsFor("histogram", "x_sum", "x_sum", "1m")).toEqual([{ word: "Rate it", expr: "rate(x_sum[1m])" }]);
  expect(suggestionsFor("gauge", "x", "x", "1m")).toEqual([]);
});
it("a percentile of a selector is that of its rate, of anything else that of what it is", () => {
  expect(percentileOf('x{job="a"}')).toBe('histogram_quantile(0.95, rate(x{job="a"}[5m]))');
  expect(percentileOf("sum(rate(x[1m]))")).toBe("histogram_quantile(0.95, sum(rate(x[1m])))");
});
it("values are counted and the most frequent come first", () =>
  expect(countLabels([{ __name__: "up", mode: "a" }, { __name__: "up", mode: "b" }, { __name__: "up", mode: "b" }])).toEqual([{ label: "mode", values: [["b", 2], ["a", 1]] }]));
it("names are found by their parts, and by their beginnings first", () => expect(searchNames(["a_cpu_x", "cpu_y", "mem"], "CPU")).toEqual(["cpu_y", "a_cpu_x"]));
