import { describe, expect, it } from "vitest";
import type { Incident } from "../../uptime/incident";
import { lanesOf } from "./lanes";

const incident = (id: number, check: number | null, from: number, to: number | null, kind: Incident["kind"] = "down"): Incident => ({
  id, check, kind, title: `t${id}`, details: "", cause: "", started_at: new Date(from * 1000).toISOString(), ended_at: to === null ? null : new Date(to * 1000).toISOString(),
  part_of: null, assignee: "", acknowledged_at: null, post_mortem: "", public: true, trace_ids: [], version: 1,
});
const WINDOW = { from: 100, to: 200 };

describe("lanesOf", () => {
  it("puts all incidents of a check into its lane, in order of time", () => {
    const [lane, ...others] = lanesOf([incident(2, 7, 150, 160), incident(1, 7, 110, 120)], WINDOW, new Map([[7, "shop"]]));
    expect(others).toEqual([]);
    expect([lane?.name, lane?.stretches.map((one) => [one.from, one.to])]).toEqual(["shop", [[110, 120], [150, 160]]]);
  });
  it("keeps what lasts within the window", () => expect(lanesOf([incident(1, 7, 50, null)], WINDOW, new Map())[0]?.stretches.map((one) => [one.from, one.to])).toEqual([[100, 200]]));
  it("gives each announcement a lane of its own", () => expect(lanesOf([incident(1, null, 110, 120, "manual"), incident(2, null, 110, 130, "manual")], WINDOW, new Map()).map((one) => one.name)).toEqual(["t2", "t1"]));
  it("puts first what lasts until the latest", () => expect(lanesOf([incident(1, 1, 110, 120), incident(2, 2, 105, null)], WINDOW, new Map()).map((one) => one.key)).toEqual(["check 2", "check 1"]));
});
