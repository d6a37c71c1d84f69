import type { Alert, Labels, Rule, RuleGroup, RuleState } from "../../api/responses";
import { activeSince } from "../../series/useAlerts";
import type { Stored } from "./rule";

/** The file that the server gives rules of the catalog. */
export const CATALOG = "catalog";

export type GroupRule = Omit<Rule, "state" | "annotations" | "duration"> & Partial<Pick<Rule, "state" | "annotations" | "duration">> & { type: "alerting" | "recording"; keepFiringFor?: number; warnings?: string[] };

export interface ListedGroup extends Omit<RuleGroup, "rules"> {
  name: string;
  file: string;
  limit?: number;
  rules: GroupRule[];
}

export type Reason = "selector_matches_nothing" | "label_never_present" | "never_fired" | "always_fired" | "flaps";

export interface Finding {
  reason: Reason;
  message: string;
  nearest?: string[];
}

export interface RadarRule {
  file: string;
  group: string;
  name: string;
  yieldsNothing: boolean;
  findings: Finding[];
  problem?: string;
}

export interface RadarLook {
  start: string;
  end: string;
  rules: number;
  looked: number;
  found: RadarRule[];
}

/** A rule as the list shows it, wherever it comes from. */
export interface Listed {
  key: string;
  name: string;
  file: string;
  group: string;
  /** Seconds between evaluations. */
  interval: number;
  isRecording: boolean;
  /** Of the catalog: whose it is, and whether it is evaluated. */
  origin: Stored["origin"] | null;
  enabled: boolean;
  state: RuleState;
  rule: GroupRule;
  findings: readonly Finding[];
  yieldsNothing: boolean;
  /** Alerts that are pending, firing or unknown, and since when the longest of them is. */
  alerts: number;
  since: number | null;
}

const radarKey = (file: string, group: string, name: string): string => `${file}\u0001${group}\u0001${name}`;

/** All rules: those that are evaluated, and those of the catalog that are off or new. */
export function listedOf(groups: readonly ListedGroup[], stored: readonly Stored[], radar: readonly RadarRule[], alerts: readonly Alert[]): Listed[] {
  const found = new Map(radar.map((one) => [radarKey(one.file, one.group, one.name), one]));
  const origins = new Map(stored.map((one) => [one.rule.name, one]));
  const byName = new Map<string, Alert[]>();
  for (const alert of alerts) {
    if (alert.state === "resolved") continue;
    const name = alert.labels.alertname ?? "";
    byName.set(name, [...(byName.get(name) ?? []), alert]);
  }
  const out: Listed[] = [];
  for (const { file, name: group, interval, rules } of groups) {
    rules.forEach((rule, at) => {
      const its = (byName.get(rule.name) ?? []).filter((alert) => mayBeOf(alert, rule.labels));
      const seen = found.get(radarKey(file, group, rule.name));
      const kept = file === CATALOG ? origins.get(rule.name) : undefined;
      out.push({
        key: `${radarKey(file, group, rule.name)}\u0001${at}`, name: rule.name, file, group, interval, rule,
        isRecording: rule.type === "recording",
        origin: file === CATALOG ? (kept?.origin ?? "saved") : null,
        enabled: kept?.rule.enabled ?? true,
        state: rule.state ?? "inactive",
        findings: seen?.findings ?? [],
        yieldsNothing: seen?.yieldsNothing ?? false,
        alerts: rule.type === "recording" ? 0 : its.length,
        since: its.length > 0 ? Math.min(...its.map(activeSince)) : null,
      });
    });
  }
  const there = new Set(out.filter((one) => one.file === CATALOG).map((one) => one.name));
  for (const { origin, rule } of stored) {
    if (there.has(rule.name)) continue;
    out.push({
      key: radarKey(CATALOG, "", rule.name), name: rule.name, file: CATALOG, group: "", interval: 0, isRecording: false, origin, enabled: rule.enabled, state: "inactive",
      rule: {
        type: "alerting", name: rule.name, query: rule.expr, duration: rule.for_ms / 1000, labels: { ...rule.labels, severity: rule.severity }, annotations: rule.annotations,
        health: "unknown", evaluationTime: 0, lastEvaluation: "",
      },
      findings: [], yieldsNothing: false, alerts: 0, since: null,
    });
  }
  return out.sort((a, b) => urgency(a) - urgency(b) || a.name.localeCompare(b.name) || a.key.localeCompare(b.key));
}

/** Rules may share a name: an alert has all labels that its own rule gives it, as far as these are no templates. */
function mayBeOf(alert: Alert, labels: Labels): boolean {
  return Object.entries(labels).every(([name, value]) => value.includes("{{") || alert.labels[name] === value);
}

/** What one should look at first: what fires, then what hides what it watches. */
function urgency(one: Listed): number {
  if (!one.enabled) return 6;
  if (one.state === "firing") return 0;
  if (one.rule.health === "err") return 1;
  if (one.state === "pending") return 2;
  if (one.state === "unknown") return 3;
  return isSuspect(one) ? 4 : 5;
}

/** What is no trouble by itself: a rule may well never have fired. */
const HARMLESS: ReadonlySet<Reason> = new Set(["never_fired"]);

export const isSuspect = (one: Listed): boolean => one.findings.some((finding) => !HARMLESS.has(finding.reason));

const FINDING_WORDS: Record<Reason, string> = {
  selector_matches_nothing: "Matches nothing", label_never_present: "Label not there", never_fired: "Never fired", always_fired: "Always fires", flaps: "Flaps",
};

export const findingWord = (finding: Finding, yieldsNothing: boolean): string => (yieldsNothing && finding.reason === "selector_matches_nothing" ? "Watches nothing" : FINDING_WORDS[finding.reason]);

/** The one finding that a row has room for. */
export function worstFinding(one: Listed): Finding | null {
  return one.findings.find((finding) => !HARMLESS.has(finding.reason)) ?? null;
}

export type Shown = "all" | "active" | "failing" | "found" | "off";

const SHOWN: Record<Shown, (one: Listed) => boolean> = {
  all: () => true,
  active: (one) => one.state === "firing" || one.state === "pending" || one.state === "unknown",
  failing: (one) => one.rule.health === "err",
  found: isSuspect,
  off: (one) => !one.enabled,
};

/** Those of a choice whose name, condition, labels, group or file have all the words. */
export function matching(all: readonly Listed[], shown: Shown, text: string): Listed[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => SHOWN[shown](one) && (words.length === 0 || has(one, words)));
}

function has({ name, file, group, rule }: Listed, words: readonly string[]): boolean {
  const labels = Object.entries(rule.labels).map(([label, value]) => `${label}=${value}`).join(" ");
  const whole = `${name} ${file} ${group} ${labels} ${rule.query}`.toLowerCase();
  return words.every((word) => whole.includes(word));
}

export const countOf = (all: readonly Listed[], shown: Shown): number => all.filter(SHOWN[shown]).length;

/** Where a rule's page is: a rule of a file is told from others by its file and group. */
export function pathOf(one: Pick<Listed, "name" | "file" | "group">): { path: string; extra: Record<string, string> } {
  return { path: `/rules/${encodeURIComponent(one.name)}`, extra: one.file === CATALOG ? {} : { file: one.file, group: one.group } };
}
