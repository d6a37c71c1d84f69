import type { ToldAlert, ToldGroup } from "../api/alerting";
import type { Alert, Labels } from "../api/responses";
import { seriesKey } from "../series/grid";
import { fingerprintOf } from "./fingerprint";
import { satisfies, type Wanted } from "./matchers";

/** How an alert stands: where its rule has it, and for one that fires, what keeps people from being told. */
export type Standing = "firing" | "pending" | "silenced" | "inhibited" | "maintenance" | "muted" | "unknown" | "resolved";

export interface StandingAlert {
  key: string;
  labels: Labels;
  annotations: Labels;
  standing: Standing;
  /** Seconds. */
  since: number;
  ended: number | null;
  value: number | null;
  /** Why it is in its state, as its rule has it. */
  reason: string | null;
  /** Who is told of it; none while nobody could be. */
  receivers: string[];
  silencedBy: string[];
  inhibitedBy: string[];
  /** Names of time intervals. */
  mutedBy: string[];
  /** Names of the maintenance windows that cover the check that it is about. */
  windows: string[];
  /** Where it came from, when that is an address one may follow. */
  source: string | null;
  /** Whether the pipeline knows it, so that it can tell why who was told. */
  known: boolean;
}

/** What stands before the names of windows, among those of time intervals. */
const MAINTENANCE = "maintenance: ";

/** The names of the maintenance windows among those of what mutes an alert. */
export const windowsOf = (mutedBy: readonly string[]): string[] => mutedBy.filter((one) => one.startsWith(MAINTENANCE)).map((one) => one.slice(MAINTENANCE.length));

/** The names of the time intervals among those of what mutes an alert. */
export const intervalsOf = (mutedBy: readonly string[]): string[] => mutedBy.filter((one) => !one.startsWith(MAINTENANCE));

/** The value of an alert; those of checks have none. */
const valueOf = (text: string): number | null => (Number.isNaN(Number(text)) ? null : Number(text));

const seconds = (text: string): number => Date.parse(text) / 1000;

/** An address of the web, or nothing: alerts from elsewhere may write there what they like. */
const webAddress = (text: string | undefined): string | null => (text !== undefined && /^https?:\/\//i.test(text) ? text : null);

/** What rules say and what the pipeline makes of it, as one list without repetition, the most urgent first. */
export function standingAlerts(alerts: readonly Alert[], groups: readonly ToldGroup[]): StandingAlert[] {
  const told = new Map<string, ToldAlert>();
  for (const group of groups) for (const alert of group.alerts) told.set(seriesKey(alert.labels), alert);
  const found: StandingAlert[] = alerts.map((alert) => {
    const key = seriesKey(alert.labels);
    const known = alert.state === "firing" ? told.get(key) : undefined;
    told.delete(key);
    return {
      key,
      labels: alert.labels,
      annotations: alert.annotations,
      standing: known ? heldAs(known) : alert.state,
      since: seconds(alert.activeAt),
      ended: alert.state === "resolved" && alert.changedAt ? seconds(alert.changedAt) : null,
      value: valueOf(alert.value),
      reason: alert.reason ?? null,
      ...pipelineOf(known),
    };
  });
  for (const [key, alert] of told) {
    found.push({ key, labels: alert.labels, annotations: alert.annotations, standing: heldAs(alert), since: seconds(alert.startsAt), ended: null, value: null, reason: null, ...pipelineOf(alert) });
  }
  return found.sort(byUrgency);
}

function heldAs({ status }: ToldAlert): Standing {
  if (status.silencedBy.length > 0) return "silenced";
  if (status.inhibitedBy.length > 0) return "inhibited";
  if (windowsOf(status.mutedBy).length > 0) return "maintenance";
  return status.mutedBy.length > 0 ? "muted" : "firing";
}

const pipelineOf = (alert: ToldAlert | undefined): Pick<StandingAlert, "receivers" | "silencedBy" | "inhibitedBy" | "mutedBy" | "windows" | "source" | "known"> => ({
  receivers: alert?.receivers.map((one) => one.name) ?? [],
  silencedBy: alert?.status.silencedBy ?? [],
  inhibitedBy: alert?.status.inhibitedBy ?? [],
  mutedBy: intervalsOf(alert?.status.mutedBy ?? []),
  windows: windowsOf(alert?.status.mutedBy ?? []),
  source: webAddress(alert?.generatorURL),
  known: alert !== undefined,
});

const STANDING_WEIGHT: Record<Standing, number> = { firing: 0, pending: 1, unknown: 2, inhibited: 3, silenced: 4, maintenance: 5, muted: 6, resolved: 7 };
const SEVERITY_WEIGHT: Record<string, number> = { critical: 0, error: 1, warning: 2, info: 4 };
const severityWeight = (labels: Labels): number => SEVERITY_WEIGHT[labels.severity ?? ""] ?? 3;

/** What one is told of first, then what is worst, and what lasts longest within that. */
export const byUrgency = (a: StandingAlert, b: StandingAlert): number =>
  STANDING_WEIGHT[a.standing] - STANDING_WEIGHT[b.standing] || severityWeight(a.labels) - severityWeight(b.labels) || a.since - b.since || (a.key < b.key ? -1 : 1);

export interface Filter {
  wanted: Wanted;
  standing: Standing | null;
  receiver: string;
  severity: string;
}

/** Those of the alerts that are asked for, whatever their standing where `standing` is left out. */
export function filtered(alerts: readonly StandingAlert[], { wanted, standing, receiver, severity }: Filter): StandingAlert[] {
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  return alerts.filter(
    (alert) =>
      (standing === null || alert.standing === standing) &&
      (!receiver || alert.receivers.includes(receiver)) &&
      (!severity || alert.labels.severity === severity) &&
      wanted.matchers.every((one) => satisfies(alert.labels, one)) &&
      (words.length === 0 || hasWords(alert, words)),
  );
}

function hasWords({ labels, annotations }: StandingAlert, words: readonly string[]): boolean {
  const text = [...Object.entries(labels).map(([name, value]) => `${name}=${value}`), annotations.summary ?? "", annotations.description ?? ""].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

export type Grouping = "rule" | "told" | "none";

export interface AlertGroup {
  key: string;
  /** The rule's name; of groups that are told together their labels. */
  name: string;
  labels: Labels | null;
  receiver: string | null;
  alerts: StandingAlert[];
}

/** The alerts by rule, by what is told together, or all in one; groups in the order of their first. */
export function grouped(alerts: readonly StandingAlert[], grouping: Grouping, told: readonly ToldGroup[]): AlertGroup[] {
  if (grouping === "none") return alerts.length > 0 ? [{ key: "all", name: "", labels: null, receiver: null, alerts: [...alerts] }] : [];
  const groups = new Map<string, AlertGroup>();
  const into = (key: string, alert: StandingAlert, make: () => Omit<AlertGroup, "key" | "alerts">): void => {
    const group = groups.get(key);
    if (group) group.alerts.push(alert);
    else groups.set(key, { key, alerts: [alert], ...make() });
  };
  if (grouping === "rule") {
    for (const alert of alerts) into(alert.labels.alertname ?? "", alert, () => ({ name: alert.labels.alertname ?? "Without a name", labels: null, receiver: null }));
    return [...groups.values()];
  }
  const places = new Map<string, ToldGroup[]>();
  for (const group of told) for (const alert of group.alerts) places.set(seriesKey(alert.labels), [...(places.get(seriesKey(alert.labels)) ?? []), group]);
  for (const alert of alerts) {
    const its = alert.known ? (places.get(alert.key) ?? []) : [];
    if (its.length === 0) into("nobody", alert, () => ({ name: "Nobody is told of these yet", labels: null, receiver: null }));
    for (const { labels, receiver } of its) into(`${receiver.name}\u0001${seriesKey(labels)}`, alert, () => ({ name: "", labels, receiver: receiver.name }));
  }
  return [...groups.values()];
}

/** The alert that an address names. */
export const named = (alerts: readonly StandingAlert[], fingerprint: string): StandingAlert | undefined => alerts.find((one) => fingerprintOf(one.labels) === fingerprint);

/** How many alerts each silence holds now, by its id. */
export function heldCounts(groups: readonly ToldGroup[]): Map<string, number> {
  const held = new Map<string, Set<string>>();
  for (const { alerts } of groups) for (const { fingerprint, status } of alerts) for (const id of status.silencedBy) held.set(id, (held.get(id) ?? new Set()).add(fingerprint));
  return new Map([...held].map(([id, its]) => [id, its.size]));
}

/** What an alert is about, beside its rule: a container, a host, a check, or else whatever label it has. */
export function aboutOf({ alertname: _, severity: __, job: ___, ...others }: Labels): string {
  return (others.id ? others.name : undefined) ?? others.instance ?? others.check ?? Object.values(others)[0] ?? "";
}
