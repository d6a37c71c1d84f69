import type { Labels } from "../../api/responses";
import type { Tone } from "../../parts/StateWord";

/** A server as GET /api/v1/servers tells it: it registered itself and reports over REST. */
export interface Server {
  id: string;
  hostname: string;
  ip_address: string;
  os: string;
  labels: Labels;
  agent_version: string;
  /** Null before its first report. */
  last_seen: string | null;
  created_at: string;
  updated_at: string;
}

/** The latest sample of one reported series; JSON has no number for NaN and the infinities, so those come as text. */
export interface Reported {
  metric_type: string;
  metric_name: string;
  labels: Labels;
  value: number | string;
  timestamp: string;
}

export interface ServerVerdict {
  tone: Tone;
  word: string;
  /** Trouble first. */
  weight: number;
}

/** Seconds after which a server without a report is called silent: how long queries look back for a sample, too. */
export const SERVER_SILENT_AFTER = 300;

export const seenAt = (server: Server): number | null => (server.last_seen === null ? null : Date.parse(server.last_seen) / 1000);

/** Whether a server keeps reporting. */
export function verdictOn(server: Server, now: number): ServerVerdict {
  const seen = seenAt(server);
  if (seen === null) return { tone: "neutral", word: "No report yet", weight: 1 };
  if (now - seen > SERVER_SILENT_AFTER) return { tone: "warning", word: "Silent", weight: 2 };
  return { tone: "good", word: "Reporting", weight: 0 };
}

/** Silent ones first, those of the same state by name. */
export function byTrouble(servers: readonly Server[], now: number): Server[] {
  return [...servers].sort((a, b) => verdictOn(b, now).weight - verdictOn(a, now).weight || a.hostname.localeCompare(b.hostname, undefined, { numeric: true }));
}

/** Those whose name, address, system, version or labels hold all words. */
export function foundServers(servers: readonly Server[], text: string): Server[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return servers.filter((one) => {
    const labels = Object.entries(one.labels).map(([name, value]) => `${name}=${value}`);
    const all = [one.hostname, one.id, one.ip_address, one.os, one.agent_version, ...labels].join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** A reported metric and the labels that tell its series apart. */
export interface ReportedMetric {
  name: string;
  labels: string[];
}

/** What a server reports, each metric once, in order of name. */
export function metricsOf(reported: readonly Reported[]): ReportedMetric[] {
  const metrics = new Map<string, Set<string>>();
  for (const one of reported) {
    const name = metricName(one);
    const labels = metrics.get(name) ?? new Set();
    for (const label of Object.keys(one.labels)) labels.add(label);
    metrics.set(name, labels);
  }
  return [...metrics].map(([name, labels]) => ({ name, labels: [...labels].sort() })).sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** The metric of the query language that a reported one is. */
export const metricName = ({ metric_type, metric_name }: Reported): string => `${metric_type}_${metric_name}`;
