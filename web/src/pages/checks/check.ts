import type { Tone } from "../../parts/StateWord";

export type CheckState = "up" | "degraded" | "down" | "unreachable" | "unknown" | "paused" | "maintenance";
export type Verdict = "up" | "degraded" | "down";

export interface Certificate {
  subject: string;
  issuer: string;
  names: string[];
  starts_at: string;
  expires_at: string;
  fingerprint: string;
  chain: string[];
  version: string;
  cipher: string;
}

export interface HeardLocation {
  location: string;
  verdict: Verdict;
  reason: string;
  message: string;
  at: string;
  latency_ms: number;
  heard: boolean;
}

export interface CheckStatus {
  state: CheckState;
  since: string;
  reason: string;
  probe_reason: string;
  message: string;
  failing_locations: string[];
  last_at: string | null;
  latency_ms: number | null;
  status_code: number | null;
  expires_at: string | null;
  certificate: Certificate | null;
  incident_id: number | null;
  locations: HeardLocation[];
}

/** What people write of a check, as the server shows it: all fields there, secrets masked. */
export interface Definition {
  name: string;
  type: string;
  url: string;
  enabled: boolean;
  interval: string;
  timeout: string;
  group: string;
  tags: Record<string, string>;
  conditions: string[];
  depends_on: string[];
  description: string;
  runbook_url: string;
  options: Record<string, unknown>;
  [field: string]: unknown;
}

export interface Check extends Definition {
  id: number;
  version: number;
  created_at: string;
  updated_at: string;
  status: CheckStatus;
}

/** A check as the list has it. */
export interface ListedCheck extends Pick<Check, "id" | "name" | "type" | "url" | "group" | "tags" | "enabled"> {
  status: Pick<CheckStatus, "state" | "since" | "reason" | "probe_reason" | "message" | "last_at" | "latency_ms" | "incident_id">;
}

/** One probe. Phases and latency in ms, phases in the order in which they came. */
export interface ProbeResult {
  ts: string;
  location: string;
  latency_ms: number;
  status_code: number | null;
  verdict: Verdict;
  reason: string;
  message: string;
  phases: Record<string, number>;
  attempts: number;
  trace_id: string;
  value: number | null;
}

export interface Transition {
  at: string;
  previous: CheckState;
  state: CheckState;
  reason: string;
  probe_reason: string;
  message: string;
  locations: string[];
}

export interface Uptime {
  corrected: number | null;
  raw: number | null;
  outages: number;
  seconds: Partial<Record<CheckState, number>>;
}

export interface Examined {
  at: string;
  verdict: Verdict;
  reason: string;
  message: string;
  outcome: {
    reason: string;
    message: string;
    latency_ms: number;
    phases: Record<string, number>;
    status: number | null;
    headers: Array<[string, string]>;
    body: string;
    size: number;
    certificate: Certificate | null;
    address: string;
    version: string;
    redirects: number;
    url: string;
    facts: Record<string, number | string | string[]>;
  };
  conditions: Array<{ text: string; holds: boolean; why: string }>;
}

/** From the worst to the best. */
export const STATES: readonly CheckState[] = ["down", "unreachable", "degraded", "unknown", "maintenance", "paused", "up"];
export const STATE_WORD: Record<CheckState, string> = { up: "Up", degraded: "Degraded", down: "Down", unreachable: "Unreachable", unknown: "Unknown", paused: "Paused", maintenance: "Maintenance" };
export const STATE_TONE: Record<CheckState, Tone> = { up: "good", degraded: "warning", down: "critical", unreachable: "critical", unknown: "neutral", paused: "neutral", maintenance: "neutral" };
export const VERDICT_WORD: Record<Verdict, string> = { up: "Up", degraded: "Degraded", down: "Down" };
export const VERDICT_TONE: Record<Verdict, Tone> = { up: "good", degraded: "warning", down: "critical" };

/** Stable words of the server as people read them; others are read as they are. */
const REASONS: Record<string, string> = {
  not_probed_yet: "Not probed yet", partial: "Some locations find it down, fewer than must", dependency_down: "Something that it depends on is down",
  no_location_heard: "No location is heard", monitor_was_stopped: "Sightline was stopped", monitor_was_stalled: "Sightline was stalled",
  monitor_was_cut_off: "Sightline was cut off from the network", clock_jumped: "The clock jumped", switched_off: "Switched off", switched_on: "Switched on, not probed yet",
  maintenance_window: "A maintenance window is on", maintenance_window_over: "Maintenance is over, not probed yet",
};

/** "status_not_accepted" as "Status not accepted". */
export const reasonWords = (reason: string): string => REASONS[reason] ?? `${reason.charAt(0).toUpperCase()}${reason.slice(1).replaceAll("_", " ")}`;

/** What is wrong with a check, in a line; empty where nothing is to be said. */
export function complaintOf({ state, reason, probe_reason, message }: Pick<CheckStatus, "state" | "reason" | "probe_reason" | "message">, type = "http"): string {
  if (state === "up") return "";
  if (type === "heartbeat" && reason === "not_probed_yet") return "Waits for its first ping";
  if (message) return message;
  if (reason === "verdict") return probe_reason && probe_reason !== "ok" ? reasonWords(probe_reason) : "";
  return reasonWords(reason);
}

/** "99.98 %": never a round 100 where something is missing; a dash where nobody could tell. */
export function percent(part: number | null | undefined): string {
  if (part === null || part === undefined) return "–";
  if (part === 1) return "100 %";
  const floor = Math.floor(part * 10_000 + 1e-9) / 100;
  return `${floor.toFixed(2)} %`;
}

/** "4.1 ms", "628 ms", "1.25 s". */
export function latency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return "–";
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1_000) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(ms >= 1 ? 1 : 2)} ms`;
}

export const secondsOf = (instant: string): number => Date.parse(instant) / 1000;
