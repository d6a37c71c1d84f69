import { describe, expect, it } from "vitest";
import type { Alert } from "../../api/responses";
import { countOf, findingWord, listedOf, matching, pathOf, worstFinding, type GroupRule, type ListedGroup } from "./ruleList";
import type { Stored } from "./rule";

const rule = (name: string, parts: Partial<GroupRule> = {}): GroupRule => ({ type: "alerting", name, state: "inactive", query: "up == 0", duration: 60, labels: {}, annotations: {}, health: "ok", evaluationTime: 0.1, lastEvaluation: "2026-01-01T00:00:00Z", ...parts });
const group = (file: string, name: string, ...rules: GroupRule[]): ListedGroup => ({ file, name, interval: 15, rules });
const stored = (name: string, enabled = true): Stored => ({ origin: "saved", version: 1, rule: { name, expr: "up == 0", for_ms: 0, severity: "info", labels: {}, annotations: {}, data: "", no_data: "ok", query_failed: "keep", enabled } });
const alert = (labels: Record<string, string>, state: Alert["state"] = "firing"): Alert => ({ labels, annotations: {}, state, activeAt: "2026-01-01T00:00:00Z", value: "1" });

describe("listedOf", () => {
  it("adds the rules of the catalog that are off", () => {
    const all = listedOf([group("catalog", "alerts", rule("On"))], [stored("On"), stored("Off", false)], [], []);
    expect(all.map((one) => [one.name, one.enabled, one.origin])).toEqual([["On", true, "saved"], ["Off", false, "saved"]]);
  });
  it("puts first what fires, then what fails, what waits and what watches nothing", () => {
    const rules = [rule("quiet"), rule("dead"), rule("waits", { state: "pending" }), rule("fails", { health: "err" }), rule("fires", { state: "firing" })];
    const dead = { file: "a.yml", group: "g", name: "dead", yieldsNothing: true, findings: [{ reason: "selector_matches_nothing" as const, message: "x matches no series" }] };
    expect(listedOf([group("a.yml", "g", ...rules)], [], [dead], []).map((one) => one.name)).toEqual(["fires", "fails", "waits", "dead", "quiet"]);
  });
  it("counts a rule's own alerts where two rules share a name", () => {
    const groups = [group("a.yml", "g", rule("Hot", { labels: { severity: "critical" } }), rule("Hot", { labels: { severity: "warning" } }))];
    const alerts = [alert({ alertname: "Hot", severity: "critical", instance: "a" }), alert({ alertname: "Hot", severity: "critical", instance: "b" }), alert({ alertname: "Hot", severity: "warning" }, "resolved")];
    expect(listedOf(groups, [], [], alerts).map((one) => one.alerts)).toEqual([2, 0]);
  });
  it("keeps apart rules of one name in several files", () => {
    const all = listedOf([group("a.yml", "g", rule("Hot")), group("b.yml", "g", rule("Hot"))], [], [], []);
    expect(new Set(all.map((one) => one.key)).size).toBe(2);
    expect(all.map((one) => pathOf(one).extra.file)).toEqual(["a.yml", "b.yml"]);
  });
});

describe("findings", () => {
  const found = (reason: "never_fired" | "flaps") => ({ file: "a.yml", group: "g", name: "Hot", yieldsNothing: false, findings: [{ reason, message: "" }] });
  it("takes a rule that never fired for no trouble", () => {
    const all = listedOf([group("a.yml", "g", rule("Hot"))], [], [found("never_fired")], []);
    expect([countOf(all, "found"), worstFinding(all[0] as (typeof all)[0])]).toEqual([0, null]);
  });
  it("counts one that flaps", () => expect(countOf(listedOf([group("a.yml", "g", rule("Hot"))], [], [found("flaps")], []), "found")).toBe(1));
  it("says that a rule watches nothing only where that is sure", () => {
    const finding = { reason: "selector_matches_nothing" as const, message: "" };
    expect([findingWord(finding, true), findingWord(finding, false)]).toEqual(["Watches nothing", "Matches nothing"]);
  });
});

describe("matching", () => {
  const all = listedOf([group("disks.yml", "g", rule("DiskFull", { labels: { team: "db" } }), rule("Hot", { state: "firing" }))], [], [], []);
  it("wants every word, anywhere", () => expect(matching(all, "all", "disks team=db").map((one) => one.name)).toEqual(["DiskFull"]));
  it("chooses by state", () => expect(matching(all, "active", "").map((one) => one.name)).toEqual(["Hot"]));
});
