import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../../api/exchange";
import type { Check, Examined, ListedCheck, ProbeResult, Transition, Uptime, Verdict } from "./check";

const PATH = "/api/v1/checks";
/** A probe may take its whole timeout, with retries; the server ends it. */
const PROBE_MS = 330_000;
/** Beyond so many checks the list is asked for less often. */
const MANY = 1_000;
export const STRIP = 40;

const json = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({ method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });

/** What the last probes of a check found, the newest first, and the part of windows in which it was well. */
export interface Strip {
  id: number;
  results: StripResult[];
  uptime: Record<string, number | null>;
}

export interface StripResult {
  ts: string;
  verdict: Verdict;
  reason: string;
  latency_ms: number;
  location: string;
}

/** All checks in short, some ten thousand of which are read and sorted in a blink; whole ones are asked for by their ids. */
export function useChecks(): UseQueryResult<ListedCheck[]> {
  return useQuery({
    queryKey: ["checks", "all"],
    queryFn: async ({ signal }) => (await fetchDocument<{ checks: ListedCheck[] }>(`${PATH}?view=list`, {}, signal)).checks,
    refetchInterval: ({ state }) => ((state.data?.length ?? 0) > MANY ? 10_000 : 5_000),
  });
}

/** Strips of blocks of checks, by the checks' ids; a block that was seen is kept while one scrolls. */
export function useStrips(blocks: readonly (readonly number[])[]): ReadonlyMap<number, Strip> {
  return useQueries({
    queries: blocks.map((ids) => ({
      queryKey: ["checks", "strips", ids.join(",")],
      queryFn: async ({ signal }: { signal: AbortSignal }) => (await fetchDocument<{ strips: Strip[] }>(`${PATH}/strips?ids=${ids.join(",")}&limit=${STRIP}`, {}, signal)).strips,
      enabled: ids.length > 0,
      staleTime: 5_000,
      refetchInterval: 10_000,
      placeholderData: keepPreviousData<Strip[]>,
    })),
    combine: byId,
  });
}

function byId(results: ReadonlyArray<UseQueryResult<Strip[]>>): ReadonlyMap<number, Strip> {
  return new Map(results.flatMap(({ data }) => data ?? []).map((strip) => [strip.id, strip]));
}

export function useCheck(id: number): UseQueryResult<Check> {
  return useQuery({ queryKey: ["checks", "one", id], queryFn: ({ signal }) => fetchDocument<Check>(`${PATH}/${id}`, {}, signal), refetchInterval: 5_000 });
}

export function useUptime(id: number): UseQueryResult<Record<string, Uptime>> {
  return useQuery({ queryKey: ["checks", "uptime", id], queryFn: ({ signal }) => fetchDocument<Record<string, Uptime>>(`${PATH}/${id}/uptime`, {}, signal), refetchInterval: 30_000 });
}

export function useResults(id: number, location: string): UseQueryResult<ProbeResult[]> {
  const where = location ? `&location=${encodeURIComponent(location)}` : "";
  return useQuery({
    queryKey: ["checks", "results", id, location],
    queryFn: async ({ signal }) => (await fetchDocument<{ results: ProbeResult[] }>(`${PATH}/${id}/results?limit=100${where}`, {}, signal)).results,
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
  });
}

/** How a check stood over the page's time. window: asked when the answer is, since the present moves. */
export function useTransitions(id: number, range: string, window: () => { from: number; to: number }): UseQueryResult<Transition[]> {
  return useQuery({
    queryKey: ["checks", "transitions", id, range],
    queryFn: async ({ signal }) => {
      const { from, to } = window();
      return (await fetchDocument<{ transitions: Transition[] }>(`${PATH}/${id}/transitions?start=${from.toFixed(3)}&end=${to.toFixed(3)}`, {}, signal)).transitions;
    },
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
  });
}

export interface Incident {
  id: number;
  kind: "down" | "degraded" | "unreachable" | "manual";
  title: string;
  details: string;
  cause: string;
  started_at: string;
  ended_at: string | null;
  assignee: string;
  acknowledged_at: string | null;
}

export function useIncidentsOf(id: number): UseQueryResult<Incident[]> {
  return useQuery({
    queryKey: ["checks", "incidents", id],
    queryFn: async ({ signal }) => (await fetchDocument<{ incidents: Incident[] }>(`/api/v1/incidents?check=${id}&limit=20`, {}, signal)).incidents,
    refetchInterval: 10_000,
  });
}

export interface Heartbeat {
  state: string;
  is_running: boolean;
  pings: number;
  last_ping: string | null;
  last_kind: string | null;
  last_duration_ms: number | null;
  due_at: string | null;
  missed_at: string | null;
  slug: string;
  ping_url: string;
  push_url: string;
  endpoint_url: string;
}

export interface Ping {
  number: number;
  at: string;
  kind: "success" | "start" | "fail" | "log" | "ignored";
  run: string | null;
  exit_status: number | null;
  duration_ms: number | null;
  message: string;
  remote: string;
  method: string;
  agent: string;
  body_url: string | null;
}

export function useHeartbeat(id: number): UseQueryResult<Heartbeat> {
  return useQuery({ queryKey: ["checks", "heartbeat", id], queryFn: ({ signal }) => fetchDocument<Heartbeat>(`/api/v1/heartbeats/${id}`, {}, signal), refetchInterval: 5_000 });
}

export function usePings(id: number): UseQueryResult<Ping[]> {
  return useQuery({ queryKey: ["checks", "pings", id], queryFn: async ({ signal }) => (await fetchDocument<{ pings: Ping[] }>(`/api/v1/heartbeats/${id}/pings`, {}, signal)).pings, refetchInterval: 5_000 });
}

export interface Location {
  name: string;
  description: string;
  heard_at: string | null;
}

export function useLocations(): UseQueryResult<Location[]> {
  return useQuery({ queryKey: ["locations"], queryFn: async ({ signal }) => (await fetchDocument<{ locations: Location[] }>("/api/v1/locations", {}, signal)).locations, refetchInterval: 30_000 });
}

export interface FieldError {
  code: string;
  /** As `options.max_redirects` or `conditions[0]`; empty for what is wrong with the whole. */
  field: string;
  error: string;
}

export interface Judgement {
  valid: boolean;
  errors: FieldError[];
}

const like = (id: number | null): string => (id === null ? "" : `?like=${id}`);

/** What the server has to say of a definition as it is written. body: JSON; empty asks nothing. */
export function useJudgement(body: string, id: number | null): UseQueryResult<Judgement> {
  return useQuery({
    queryKey: ["check-judgement", id, body],
    queryFn: ({ signal }) => fetchDocument<Judgement>(`${PATH}/validate${like(id)}`, { ...json("POST", null), body }, signal),
    enabled: body !== "",
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

export const create = (definition: unknown): Promise<Check> => fetchDocument(PATH, json("POST", definition));
/** Saves in place of a version. */
export const save = (id: number, definition: unknown, version: number): Promise<Check> => fetchDocument(`${PATH}/${id}`, json("PUT", definition, { "If-Match": `"${version}"` }));
export const remove = (id: number): Promise<void> => fetchDocument(`${PATH}/${id}`, { method: "DELETE" });
export const turn = (id: number, action: "pause" | "resume"): Promise<Check> => fetchDocument(`${PATH}/${id}/${action}`, { method: "POST" });
export const probeNow = (id: number): Promise<Examined> => fetchDocument(`${PATH}/${id}/probe`, { method: "POST" }, undefined, PROBE_MS);
export const tryOut = (definition: unknown, id: number | null): Promise<Examined> => fetchDocument(`${PATH}/try${like(id)}`, json("POST", definition), undefined, PROBE_MS);
export const fetchCheck = (id: number): Promise<Check> => fetchDocument(`${PATH}/${id}`);
