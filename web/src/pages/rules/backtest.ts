import type { Labels } from "../../api/responses";
import type { TimeShade } from "../../charts/marks";
import type { WrittenRule } from "./rule";

/** What is to be replayed: a rule as the catalog or as a file has it. */
export type BacktestQuestion =
  | { alert_rule: WrittenRule }
  | { rule: { alert: string; expr: string; for: string; keep_firing_for: string; labels: Labels; annotations: Labels }; interval: string };

export interface BacktestStretch {
  state: "pending" | "firing" | "unknown";
  start: string;
  /** Null where it goes on after the range. */
  end: string | null;
}

export interface BacktestAlert {
  labels: Labels;
  stretches: BacktestStretch[];
}

export interface BacktestNotice {
  at: string;
  receiver: string;
  kinds: string[];
  status: string;
  reason: string;
  summary: string;
  firing: Labels[];
  resolved: Labels[];
}

export interface ReceiverCount {
  receiver: string;
  kinds: string[];
  notifications: number;
}

export interface Backtest {
  start: string;
  end: string;
  interval: number;
  instants: number;
  took: number;
  firings: number;
  notificationCount: number;
  counts: ReceiverCount[];
  alerts: BacktestAlert[];
  notifications: BacktestNotice[];
  held: Array<{ start: string; end: string | null; receiver: string; labels: Labels; reason: string; by: string[] }>;
  failures: Array<{ first: string; last: string; count: number; error: string }>;
  warnings: string[];
}

const times = (count: number): string => (count === 1 ? "once" : count === 2 ? "twice" : `${count.toLocaleString("en")} times`);

/** "9 to team-a, 3 to ops": those who are told most often first, and of many the rest together. */
export function sayReceivers(counts: readonly ReceiverCount[], most = 5): string {
  const told = counts.filter((one) => one.notifications > 0).sort((a, b) => b.notifications - a.notifications || a.receiver.localeCompare(b.receiver));
  const rest = told.slice(most);
  const parts = told.slice(0, most).map((one) => `${one.notifications.toLocaleString("en")} to ${one.receiver}`);
  if (rest.length > 0) parts.push(`${rest.reduce((sum, one) => sum + one.notifications, 0).toLocaleString("en")} to ${rest.length} others`);
  return parts.join(", ");
}

/** What would have happened, in a sentence. */
export function sayOutcome({ firings, notificationCount, counts, alerts }: Backtest): string {
  if (firings === 0) return alerts.length === 0 ? "Would not have fired" : "Would not have fired: the condition never held for long enough";
  if (notificationCount === 0) return `Would have fired ${times(firings)} and notified nobody`;
  const said = sayReceivers(counts);
  return `Would have fired ${times(firings)} and notified ${times(notificationCount)}${said ? `: ${said}` : ""}`;
}

/** What a change does to a figure: "3 in place of 12". */
export function sayChange(before: number, after: number): string {
  if (before === after) return before === 0 ? "none, as before" : `${after.toLocaleString("en")}, as before`;
  return `${after.toLocaleString("en")} in place of ${before.toLocaleString("en")}`;
}

export interface ReceiverChange {
  receiver: string;
  before: number;
  after: number;
}

/** Who would be told how often before and after a change, those whom it matters to most first. */
export function receiverChanges(before: Backtest, after: Backtest): ReceiverChange[] {
  const names = new Set([...before.counts, ...after.counts].map((one) => one.receiver));
  const count = (of: Backtest, receiver: string): number => of.counts.filter((one) => one.receiver === receiver).reduce((sum, one) => sum + one.notifications, 0);
  return [...names]
    .map((receiver) => ({ receiver, before: count(before, receiver), after: count(after, receiver) }))
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || b.after - a.after || a.receiver.localeCompare(b.receiver));
}

export interface Span {
  state: BacktestStretch["state"];
  from: number;
  to: number;
  goesOn: boolean;
}

/** Seconds; what goes on ends with the range. */
export function spansOf(alert: BacktestAlert, end: number): Span[] {
  return alert.stretches.map(({ state, start, end: ended }) => ({ state, from: Date.parse(start) / 1000, to: ended === null ? end : Date.parse(ended) / 1000, goesOn: ended === null }));
}

export interface Firing extends Span {
  labels: Labels;
}

/** When which alert fired, the latest first. */
export function firingsOf(alerts: readonly BacktestAlert[], end: number): Firing[] {
  const found = alerts.flatMap((alert) => spansOf(alert, end).filter((span) => span.state === "firing").map((span) => ({ ...span, labels: alert.labels })));
  return found.sort((a, b) => b.from - a.from);
}

/** The times in which any of some alerts was pending or firing; of both at once, firing is shown. */
export function shadesOf(alerts: readonly BacktestAlert[], end: number): TimeShade[] {
  const spans = alerts.flatMap((alert) => spansOf(alert, end));
  const of = (state: "pending" | "firing"): TimeShade[] => joined(spans.filter((span) => span.state === state)).map(({ from, to }) => ({ from, to, tone: state }));
  const firing = of("firing");
  return [...of("pending").flatMap((one) => without(one, firing)), ...firing];
}

function joined(spans: ReadonlyArray<{ from: number; to: number }>): Array<{ from: number; to: number }> {
  const out: Array<{ from: number; to: number }> = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else out.push({ from, to });
  }
  return out;
}

/** What is left of a stretch outside others, which are in order and apart. */
function without(one: TimeShade, others: readonly TimeShade[]): TimeShade[] {
  const out: TimeShade[] = [];
  let from = one.from;
  for (const other of others) {
    if (other.to <= from || other.from >= one.to) continue;
    if (other.from > from) out.push({ ...one, from, to: other.from });
    from = Math.max(from, other.to);
  }
  if (from < one.to) out.push({ ...one, from });
  return out;
}

/** What tells an alert from the others of its rule. */
export function aboutAlert(labels: Labels): string {
  const { alertname: _, severity: __, ...others } = labels;
  const parts = Object.entries(others).map(([name, value]) => `${name}=${value}`);
  return parts.join(", ") || "the whole";
}
