import { ApiFailure } from "./failure";
import { noteAnswer, noteSilence } from "./reachability";
import type { Alert, Answer, BuildInfo, MatrixResult, RuleGroup, VectorResult } from "./responses";
import { readToken } from "./token";

const TIMEOUT_MS = 15_000;

/** The only fetch of the UI. */
async function request<T>(path: string, params: Record<string, string | string[]>, signal?: AbortSignal, token = readToken()): Promise<T> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) for (const one of [value].flat()) body.append(name, one);
  const query = body.toString();
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let answer: Answer<T>;
  try {
    response = await fetch(`/api/v1/${path}${query ? `?${query}` : ""}`, {
      headers: token ? { Authorization: `Bearer ${token}`, Accept: "application/json" } : { Accept: "application/json" },
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
  } catch (reason) {
    if (signal?.aborted) throw reason;
    noteSilence();
    throw new ApiFailure("unreachable", "The server does not answer.", "server_unreachable");
  }
  try {
    answer = (await response.json()) as Answer<T>;
  } catch (reason) {
    if (signal?.aborted) throw reason;
    if (response.status === 401) answer = { status: "error", errorType: "unauthorized", error: "A token is needed.", code: "unauthorized" };
    else {
      // A proxy in front of a stopped server answers in its own words.
      noteSilence();
      throw new ApiFailure("unreachable", `Something other than Sightline answered (HTTP ${response.status}).`, "not_sightline");
    }
  }
  noteAnswer(response.status);
  if (answer.status === "success") return answer.data;
  const code = answer.code ?? answer.errorType;
  const kind = response.status === 401 ? "unauthorised" : response.status >= 500 ? "broken" : "refused";
  throw new ApiFailure(kind, answer.error, code);
}

export function queryInstant(query: string, time: number | undefined, signal?: AbortSignal): Promise<VectorResult> {
  return request("query", time === undefined ? { query } : { query, time: time.toFixed(3) }, signal);
}

export function queryRange(query: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<MatrixResult> {
  return request("query_range", { query, start: String(start), end: String(end), step: String(step) }, signal);
}

export async function fetchAlerts(signal?: AbortSignal): Promise<Alert[]> {
  return (await request<{ alerts: Alert[] }>("alerts", {}, signal)).alerts;
}

export async function fetchRules(signal?: AbortSignal): Promise<RuleGroup[]> {
  return (await request<{ groups: RuleGroup[] }>("rules", { type: "alert", exclude_alerts: "true" }, signal)).groups;
}

export function labelValues(label: string, match: string, signal?: AbortSignal): Promise<string[]> {
  return request(`label/${encodeURIComponent(label)}/values`, { "match[]": match }, signal);
}

export function buildInfo(signal?: AbortSignal, token?: string): Promise<BuildInfo> {
  return request("status/buildinfo", {}, signal, token);
}
