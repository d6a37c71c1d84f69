import { enveloped } from "./api";
import { fetchDocument } from "./exchange";
import type { Labels } from "./responses";

/** The shapes of Alertmanager's API and of what Sightline tells of notifications beside it. */
export interface ToldAlert {
  labels: Labels;
  annotations: Labels;
  startsAt: string;
  endsAt: string;
  updatedAt: string;
  fingerprint: string;
  generatorURL?: string;
  receivers: Array<{ name: string }>;
  status: { state: "active" | "suppressed" | "unprocessed"; silencedBy: string[]; inhibitedBy: string[]; mutedBy: string[] };
}

/** Alerts that a receiver is told of together. */
export interface ToldGroup {
  labels: Labels;
  receiver: { name: string };
  alerts: ToldAlert[];
}

export interface SilenceMatcher {
  name: string;
  value: string;
  isRegex: boolean;
  isEqual?: boolean;
}

/** A stretch of time that recurs; what is missing does not restrict it. */
export interface Interval {
  times?: Array<{ start_time: string; end_time: string }>;
  weekdays?: string[];
  days_of_month?: string[];
  months?: string[];
  years?: string[];
  location?: string;
}

export interface SilenceDraft {
  id?: string;
  matchers: SilenceMatcher[];
  startsAt: string;
  /** Missing only where it recurs. */
  endsAt?: string;
  createdBy: string;
  comment: string;
  recurrence: Interval[];
}

export interface Silence extends Omit<SilenceDraft, "recurrence" | "endsAt" | "id"> {
  id: string;
  endsAt: string;
  updatedAt: string;
  status: { state: "active" | "pending" | "expired" };
  recurrence?: Interval[];
}

export interface WhyRoute {
  route: string;
  receiver: string;
  reason: string;
  /** The matcher that the alert does not satisfy. */
  failed: string | null;
}

export interface WhyChannel {
  channel: string;
  kind: string;
  /** Whether it knows that the alert fires. */
  told: boolean;
  /** Why it hears of it when the group is looked at next, or does not. */
  reason: string;
  by: string[];
  /** When it was told of the group last. */
  lastToldAt: string | null;
  owed: boolean;
  problem: string;
}

export interface WhyGroup {
  key: string;
  labels: Labels;
  receiver: string;
  nextLookAt: string;
  channels: WhyChannel[];
}

/** Why who is told of an alert, or is not. */
export interface Why {
  alert: ToldAlert;
  routes: WhyRoute[];
  groups: WhyGroup[];
}

/** One decision about one channel and one group. */
export interface Told {
  id: string;
  at: string;
  receiver: string;
  channel: string;
  kind: string;
  told: boolean;
  reason: string;
  attempts: number;
  problem: string;
  groupKey: string;
  groupLabels: Labels;
  alerts: Labels[];
}

export interface ReceiverChannel {
  key: string;
  kind: string;
  circuit: "closed" | "open" | "half_open";
  owed: number;
  problem: string;
  sendsResolved: boolean;
  whenMuted: "hold" | "acknowledge" | "resolve";
}

export interface Receiver {
  name: string;
  channels: ReceiverChannel[];
}

const JSON_HEADERS = { "Content-Type": "application/json" };

export const fetchToldGroups = (signal?: AbortSignal): Promise<ToldGroup[]> => fetchDocument("/api/v2/alerts/groups", {}, signal);

/** The alerts that satisfy all matchers, each written as a text. */
export function fetchHeld(matchers: readonly string[], signal?: AbortSignal): Promise<ToldAlert[]> {
  const search = new URLSearchParams(matchers.map((one) => ["filter", one]));
  return fetchDocument(`/api/v2/alerts?${search}`, {}, signal);
}

export const fetchSilences = (signal?: AbortSignal): Promise<Silence[]> => fetchDocument("/api/v2/silences", {}, signal);

/** Makes a silence, or edits the one of its id; gives the id of what is there then. */
export async function putSilence(draft: SilenceDraft): Promise<string> {
  const { silenceID } = await fetchDocument<{ silenceID: string }>("/api/v2/silences", { method: "POST", headers: JSON_HEADERS, body: JSON.stringify(draft) });
  return silenceID;
}

export const expireSilence = (id: string): Promise<void> => fetchDocument(`/api/v2/silence/${encodeURIComponent(id)}`, { method: "DELETE" });

export async function fetchConfiguration(signal?: AbortSignal): Promise<string> {
  return (await fetchDocument<{ config: { original: string } }>("/api/v2/status", {}, signal)).config.original;
}

export const fetchWhy = (fingerprint: string, signal?: AbortSignal): Promise<Why> => enveloped(`notices/why?${new URLSearchParams({ fingerprint })}`, {}, signal);

export async function fetchTold(wanted: { receiver: string; alertname: string; limit: number }, signal?: AbortSignal): Promise<Told[]> {
  const search = new URLSearchParams({ limit: String(wanted.limit) });
  if (wanted.receiver) search.set("receiver", wanted.receiver);
  if (wanted.alertname) search.set("alertname", wanted.alertname);
  return (await enveloped<{ notices: Told[] }>(`notices?${search}`, {}, signal)).notices;
}

export async function fetchReceivers(signal?: AbortSignal): Promise<Receiver[]> {
  return (await enveloped<{ receivers: Receiver[] }>("receivers", {}, signal)).receivers;
}

/** Sends a made-up notification over one channel; fails as the channel does. */
export const sendTest = (channel: string): Promise<unknown> => enveloped("receivers/test", { method: "POST", headers: JSON_HEADERS, body: JSON.stringify({ channel }) });
