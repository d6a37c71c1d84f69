import { describe, expect, it } from "vitest";
import type { Rule, RuleThreshold } from "../../api/responses";
import { judge, limitOf } from "./limits";

const rule = (threshold: RuleThreshold | undefined, severity = "critical"): Rule => ({
  name: "HighCpuUsage",
  state: "inactive",
  query: "",
  duration: 10,
  labels: { severity },
  annotations: {},
  ...(threshold ? { threshold } : {}),
  health: "ok",
  evaluationTime: 0,
  lastEvaluation: "",
});
const above = (value: number): RuleThreshold => ({ query: "cpu", comparison: ">", value });

describe("limitOf", () => {
  it("is the rule's threshold, as bad as its severity", () => {
    expect(limitOf([rule(above(72.5))], "HighCpuUsage")).toEqual({ above: 72.5, tone: "critical", word: "Above 72.5 %" });
    expect(limitOf([rule(above(85), "warning")], "HighCpuUsage")?.tone).toBe("warning");
    expect(limitOf([rule(above(85), "info")], "HighCpuUsage")?.tone).toBe("neutral");
  });
  it.each([
    ["the rules are unknown", undefined],
    ["the rule is gone", []],
    ["the rule has no threshold", [rule(undefined)]],
    ["the rule looks for too little", [rule({ query: "cpu", comparison: "<", value: 5 })]],
    ["the threshold is no percentage", [rule(above(4e9))]],
  ])("is nothing when %s", (_, rules) => expect(limitOf(rules, "HighCpuUsage")).toBeNull());
});

describe("judge", () => {
  const limits = [{ above: 90, tone: "critical", word: "Nearly full" }, { above: 80, tone: "warning", word: "Filling up" }] as const;
  it.each([[90, "Filling up"], [90.1, "Nearly full"], [80, "Normal"], [null, "No data"]])("%s is %s", (share, word) => {
    expect(judge(share, limits)?.word).toBe(word);
  });
  it("says nothing without limits", () => expect(judge(99, [])).toBeNull());
});
