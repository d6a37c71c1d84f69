import { describe, expect, it } from "vitest";
import type { ToldAlert, ToldGroup } from "../api/alerting";
import type { Alert, Labels } from "../api/responses";
import { fingerprintOf } from "./fingerprint";
import { parseWanted } from "./matchers";
import { filtered, grouped, heldCounts, named, standingAlerts, type Filter } from "./standing";

const rule = (labels: Labels, state: Alert["state"], activeAt = "2026-01-01T00:00:00Z"): Alert => ({ labels, annotations: {}, state, activeAt, value: "1" });
const told = (labels: Labels, held: Partial<ToldAlert["status"]> = {}, rest: Partial<ToldAlert> = {}): ToldAlert => ({
  labels, annotations: {}, startsAt: "2026-01-01T00:00:00Z", endsAt: "", updatedAt: "", fingerprint: JSON.stringify(labels), receivers: [{ name: "b" }],
  status: { state: "active", silencedBy: [], inhibitedBy: [], mutedBy: [], ...held }, ...rest,
});
const group = (labels: Labels, receiver: string, ...alerts: ToldAlert[]): ToldGroup => ({ labels, receiver: { name: receiver }, alerts });
const HOT = { alertname: "Hot", instance: "a", severity: "warning" };
const COLD = { alertname: "Cold", instance: "b", severity: "critical" };
const ALL: Filter = { wanted: parseWanted(""), standing: null, receiver: "", severity: "" };

describe("standingAlerts", () => {
  it("tells of an alert once, as its rule and the pipeline have it", () => {
    const [alert, ...others] = standingAlerts([rule(HOT, "firing")], [group({}, "b", told(HOT, { silencedBy: ["s"] })), group({}, "c", told(HOT, { silencedBy: ["s"] }))]);
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ standing: "silenced", receivers: ["b"], silencedBy: ["s"], known: true, value: 1 });
  });
  it("tells of what programs posted, too", () => expect(standingAlerts([], [group({}, "b", told(HOT, { mutedBy: ["nights"] }))])).toMatchObject([{ standing: "muted", value: null }]));
  it("tells maintenance from times that mute", () => {
    const mutedBy = ["nights", "maintenance: upgrade", "maintenance: patches"];
    expect(standingAlerts([], [group({}, "b", told(HOT, { mutedBy }))])).toMatchObject([{ standing: "maintenance", mutedBy: ["nights"], windows: ["upgrade", "patches"] }]);
  });
  it("knows of no value where there is none, as of alerts of checks", () => {
    expect(standingAlerts([{ ...rule({ alertname: "CheckDown", check: "shop" }, "firing"), value: "NaN" }], [])).toMatchObject([{ standing: "firing", value: null }]);
  });
  it("leaves pending alerts pending", () => expect(standingAlerts([rule(HOT, "pending")], [])).toMatchObject([{ standing: "pending", known: false, receivers: [] }]));
  it("puts first what people are told of, and the worst of that", () => {
    const found = standingAlerts([rule(HOT, "firing"), rule(COLD, "firing"), rule({ alertname: "New" }, "resolved")], [group({}, "b", told({ alertname: "Held" }, { inhibitedBy: ["x"] }))]);
    expect(found.map((one) => one.labels.alertname)).toEqual(["Cold", "Hot", "Held", "New"]);
  });
  it("follows no address but one of the web", () => {
    const source = (generatorURL: string): string | null | undefined => standingAlerts([], [group({}, "b", told(HOT, {}, { generatorURL }))])[0]?.source;
    expect(source("https://prometheus.example/graph")).toBe("https://prometheus.example/graph");
    expect(source("javascript:alert(1)")).toBeNull();
    expect(source("")).toBeNull();
  });
});

describe("filtered", () => {
  const alerts = standingAlerts([rule(HOT, "firing"), rule(COLD, "pending")], [group({}, "b", told(HOT))]);
  const names = (part: Partial<Filter>): Array<string | undefined> => filtered(alerts, { ...ALL, ...part }).map((one) => one.labels.alertname);
  it("goes by matchers, words, state, receiver and severity", () => {
    expect(names({})).toEqual(["Hot", "Cold"]);
    expect(names({ wanted: parseWanted("instance=~a|c") })).toEqual(["Hot"]);
    expect(names({ wanted: parseWanted("COLD critical") })).toEqual(["Cold"]);
    expect(names({ standing: "pending" })).toEqual(["Cold"]);
    expect(names({ receiver: "b" })).toEqual(["Hot"]);
    expect(names({ severity: "critical" })).toEqual(["Cold"]);
  });
});

describe("grouped", () => {
  const both = [group({ team: "x" }, "b", told(HOT)), group({ team: "x" }, "c", told(HOT))];
  const alerts = standingAlerts([rule(HOT, "firing"), rule({ ...HOT, instance: "z" }, "pending"), rule(COLD, "pending")], both);
  it("by rule", () => expect(grouped(alerts, "rule", both).map((one) => [one.name, one.alerts.length])).toEqual([["Hot", 2], ["Cold", 1]]));
  it("as they are told, in every group that has them", () => {
    expect(grouped(alerts, "told", both).map((one) => [one.receiver, one.alerts.length])).toEqual([["b", 1], ["c", 1], [null, 2]]);
  });
  it("not at all", () => expect(grouped(alerts, "none", both).map((one) => one.alerts.length)).toEqual([3]));
  it("is quick with very many", () => {
    const many = Array.from({ length: 5_000 }, (_, i) => told({ alertname: "Hot", instance: `node-${i}` }));
    const began = performance.now();
    const groups = [group({}, "b", ...many)];
    expect(grouped(standingAlerts([], groups), "told", groups)[0]?.alerts).toHaveLength(5_000);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

it("finds the alert of an address", () => {
  const alerts = standingAlerts([rule(HOT, "firing"), rule(COLD, "firing")], []);
  expect(named(alerts, fingerprintOf(COLD))?.labels).toEqual(COLD);
  expect(named(alerts, "nothing")).toBeUndefined();
});

it("counts what a silence holds once, in however many groups it is", () => {
  const held = told(HOT, { silencedBy: ["s"] });
  expect(heldCounts([group({}, "b", held), group({}, "c", held, told(COLD, { silencedBy: ["s", "t"] }))])).toEqual(new Map([["s", 2], ["t", 1]]));
});
