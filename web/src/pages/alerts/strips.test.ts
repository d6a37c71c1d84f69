import { describe, expect, it } from "vitest";
import type { Grid } from "../../series/grid";
import { nameOf, stripsOf } from "./strips";

const series = (instance: string, alertstate: string, values: Array<number | null>) => ({ key: `${instance}${alertstate}`, labels: { __name__: "ALERTS", alertname: "Hot", instance, alertstate }, values });
const grid = (...all: Array<ReturnType<typeof series>>): Grid => ({ start: 100, step: 10, times: [100, 110, 120, 130, 140], series: all });

describe("stripsOf", () => {
  it("joins the states of an alert in order of time", () => {
    const [strip] = stripsOf(grid(series("a", "firing", [null, null, 1, 1, null]), series("a", "pending", [null, 1, null, null, null])));
    expect(strip?.stretches).toEqual([{ state: "pending", from: 110, to: 120 }, { state: "firing", from: 120, to: 140 }]);
  });
  it("tells several stretches apart, and ends the last with the window", () => {
    const [strip] = stripsOf(grid(series("a", "firing", [1, null, null, 1, 1])));
    expect(strip?.stretches.map((one) => [one.from, one.to])).toEqual([[100, 110], [130, 140]]);
  });
  it("puts first what lasted longest into the present", () => {
    const strips = stripsOf(grid(series("old", "firing", [1, 1, null, null, null]), series("new", "firing", [null, null, null, 1, 1])));
    expect(strips.map(nameOf)).toEqual(["Hot new", "Hot old"]);
  });
  it("leaves out what was in no state", () => expect(stripsOf(grid(series("a", "firing", [null, null, null, null, null])))).toEqual([]));
});
