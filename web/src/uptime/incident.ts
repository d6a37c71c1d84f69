/** Incidents as the API has them. */
export type IncidentKind = "down" | "degraded" | "unreachable" | "manual";
export type Status = "" | "investigating" | "identified" | "monitoring" | "resolved";

export interface Incident {
  id: number;
  /** The id of its check; null where people wrote it of none. */
  check: number | null;
  kind: IncidentKind;
  title: string;
  details: string;
  cause: string;
  started_at: string;
  ended_at: string | null;
  /** The incident that it follows from. */
  part_of: number | null;
  assignee: string;
  acknowledged_at: string | null;
  post_mortem: string;
  public: boolean;
  trace_ids: string[];
  version: number;
}

export type EntryKind = "opened" | "transition" | "notice" | "acknowledged" | "assigned" | "update" | "post_mortem" | "resolved" | "reopened";

export interface Entry {
  at: string;
  kind: EntryKind;
  text: string;
  /** Empty for the program. */
  who: string;
  public: boolean;
  status: Status;
}

export interface ToldIncident extends Incident {
  timeline: Entry[];
  related: Incident[];
}

/** Incidents of one cause: the first, and those that follow from it. */
export interface Cause {
  root: Incident;
  parts: Incident[];
}

export const STATUSES = ["investigating", "identified", "monitoring", "resolved"] as const;
export const STATUS_WORDS: Record<(typeof STATUSES)[number], string> = { investigating: "Investigating", identified: "Identified", monitoring: "Monitoring", resolved: "Resolved" };
export const KIND_WORDS: Record<IncidentKind, string> = { down: "Down", degraded: "Degraded", unreachable: "Unreachable", manual: "Announced" };
/** What it was, of one that is over. */
export const PAST_WORDS: Record<IncidentKind, string> = { down: "Was down", degraded: "Was degraded", unreachable: "Unreachable", manual: "Announced" };

/** Seconds. */
export const startOf = (incident: Incident): number => Date.parse(incident.started_at) / 1000;
export const endOf = (incident: Incident): number | null => (incident.ended_at === null ? null : Date.parse(incident.ended_at) / 1000);

/** Whether any of a cause lasts still. */
export const lasts = ({ root, parts }: Cause): boolean => [root, ...parts].some((one) => one.ended_at === null);

/** Incidents beneath the one that they follow from; causes that last first, then by the newest start. A part whose root is not among them stands for itself. */
export function causesOf(incidents: readonly Incident[]): Cause[] {
  const distinct = [...new Map(incidents.map((one) => [one.id, one])).values()];
  const byId = new Map(distinct.map((one) => [one.id, one]));
  const rootOf = (incident: Incident): Incident => {
    const seen = new Set([incident.id]);
    let root = incident;
    for (let next = byId.get(root.part_of ?? 0); next && !seen.has(next.id); next = byId.get(root.part_of ?? 0)) {
      seen.add(next.id);
      root = next;
    }
    return root;
  };
  const causes = new Map<number, Cause>();
  for (const one of distinct) {
    const root = rootOf(one);
    const cause = causes.get(root.id) ?? { root, parts: [] };
    causes.set(root.id, cause);
    if (one !== root) cause.parts.push(one);
  }
  for (const { parts } of causes.values()) parts.sort((a, b) => startOf(a) - startOf(b) || a.id - b.id);
  const newest = ({ root, parts }: Cause): number => Math.max(startOf(root), ...parts.filter((one) => one.ended_at === null).map(startOf));
  return [...causes.values()].sort((a, b) => Number(lasts(b)) - Number(lasts(a)) || newest(b) - newest(a) || b.root.id - a.root.id);
}

/** A cause as the program keeps it, `connection_refused 127.0.0.1`, for people: what happened and to what. */
export function sayCause(cause: string): string {
  const [reason = "", ...about] = cause.split(" ");
  const words = reason.replaceAll("_", " ");
  return [words.charAt(0).toUpperCase() + words.slice(1), about.join(" ")].filter(Boolean).join(": ");
}

/** From when to when Explore shows an incident: with some time around it. */
export function rangeOf(incident: Incident, now: number): { from: number; to: number } {
  const from = startOf(incident);
  const to = endOf(incident) ?? now;
  const around = Math.max(60, (to - from) / 4);
  return { from: Math.floor(from - around), to: Math.ceil(Math.min(now, to + around)) };
}
