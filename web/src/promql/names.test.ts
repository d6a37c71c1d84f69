import { expect, it } from "vitest";
import { differingLabels, fill, nameSeries } from "./names";

const query = (labels: Array<Record<string, string>>, legend = "", mark = "A", expr = "up") => ({ mark, expr, legend, labels });

it("a template takes its labels", () => expect(fill("{{instance}} in {{ mode }}", { instance: "web-1", mode: "idle" })).toBe("web-1 in idle"));
it("a template without any of its labels falls back on all of them", () => expect(fill("{{nothing}}", { job: "node" })).toBe('job="node"'));
it("one label that differs is named by its values", () =>
  expect(nameSeries([query([{ job: "node", mode: "idle" }, { job: "node", mode: "user" }])])).toEqual([["idle", "user"]]));
it("several labels that differ are written with their names", () =>
  expect(nameSeries([query([{ cpu: "0", mode: "idle" }, { cpu: "1", mode: "user" }])])).toEqual([['cpu="0", mode="idle"', 'cpu="1", mode="user"']]));
it("metric names that differ name the series", () =>
  expect(nameSeries([query([{ __name__: "node_load1", job: "n" }, { __name__: "node_load5", job: "n" }])])).toEqual([["node_load1", "node_load5"]]));
it("a lone series is called by its metric", () => expect(nameSeries([query([{ __name__: "node_load1", job: "n" }])])).toEqual([["node_load1"]]));
it("a lone series without a name is called by its query", () => expect(nameSeries([query([{}], "", "A", "sum(\n  up)")])).toEqual([["sum( up)"]]));
it("names that two queries share carry the query's mark", () =>
  expect(nameSeries([query([{ device: "a" }, { device: "b" }]), query([{ device: "b" }, { device: "c" }], "", "B")])).toEqual([["a", "A b"], ["B b", "c"]]));
it("labels that some series lack differ", () => expect(differingLabels([{ job: "n" }, { job: "n", le: "1" }])).toEqual(["le"]));
