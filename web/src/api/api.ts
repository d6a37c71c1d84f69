import { exchange, refusalOf } from "./exchange";
import { readable, readableMatrix, readableVector } from "./histograms";
import type { Alert, Answer, BuildInfo, InstantResult, Labels, MatrixResult, MetricMetadata, Noted, RuleGroup, Targets, VectorResult } from "./responses";

/** Longer parameters than this travel in a form, since addresses have limits on the way. */
const LONGEST_ADDRESS = 2_000;

async function request<T>(path: string, params: Record<string, string | string[]>, signal?: AbortSignal, token?: string): Promise<T> {
  return (await ask<T>(path, params, signal, token)).data;
}

/** An answer of the Prometheus API: its data with what the server remarks on them. */
async function ask<T>(path: string, params: Record<string, string | string[]>, signal?: AbortSignal, token?: string): Promise<Noted<T>> {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) for (const one of [value].flat()) body.append(name, one);
  const query = body.toString();
  const inForm = query.length > LONGEST_ADDRESS;
  const { status, body: found } = await exchange(`/api/v1/${path}${query && !inForm ? `?${query}` : ""}`, inForm ? { method: "POST", body } : {}, signal, token);
  const answer = found as Answer<T>;
  if (answer.status === "success") return { data: answer.data, warnings: answer.warnings ?? [], infos: answer.infos ?? [] };
  throw refusalOf(status, answer);
}

/** What an endpoint of the API that takes more than parameters answers, out of its envelope. */
export async function enveloped<T>(path: string, init: RequestInit = {}, signal?: AbortSignal): Promise<T> {
  const { status, body } = await exchange(`/api/v1/${path}`, init, signal);
  const answer = body as Answer<T>;
  if (answer.status === "success") return answer.data;
  throw refusalOf(status, answer);
}

export async function queryInstant(query: string, time: number | undefined, signal?: AbortSignal): Promise<VectorResult> {
  return readableVector(await request("query", time === undefined ? { query } : { query, time: time.toFixed(3) }, signal));
}

/** What a query of any type gives at a moment, with the server's remarks. */
export async function evaluate(query: string, time: number | undefined, signal?: AbortSignal): Promise<Noted<InstantResult>> {
  const answer = await ask<InstantResult>("query", time === undefined ? { query } : { query, time: time.toFixed(3) }, signal);
  return { ...answer, data: readable(answer.data) };
}

export async function queryRange(query: string, start: number, end: number, step: number, signal?: AbortSignal): Promise<Noted<MatrixResult>> {
  const answer = await ask<MatrixResult>("query_range", { query, start: String(start), end: String(end), step: String(step) }, signal);
  return { ...answer, data: readableMatrix(answer.data) };
}

export async function fetchAlerts(signal?: AbortSignal): Promise<Alert[]> {
  return (await request<{ alerts: Alert[] }>("alerts", {}, signal)).alerts;
}

export async function fetchRules(signal?: AbortSignal): Promise<RuleGroup[]> {
  return (await request<{ groups: RuleGroup[] }>("rules", { type: "alert", exclude_alerts: "true" }, signal)).groups;
}

export function fetchTargets(signal?: AbortSignal): Promise<Targets> {
  return request("targets", {}, signal);
}

/** A label's values, of all series or of those that a selector matches. */
export function labelValues(label: string, match: string | undefined, signal?: AbortSignal): Promise<string[]> {
  return request(`label/${encodeURIComponent(label)}/values`, match === undefined ? {} : { "match[]": match }, signal);
}

export function labelNames(match: string | undefined, signal?: AbortSignal): Promise<string[]> {
  return request("labels", match === undefined ? {} : { "match[]": match }, signal);
}

/** The label sets of at most so many series that had samples in a stretch of time. */
export function fetchSeries(match: string, start: number, end: number, limit: number, signal?: AbortSignal): Promise<Labels[]> {
  return request("series", { "match[]": match, start: start.toFixed(3), end: end.toFixed(3), limit: String(limit) }, signal);
}

/** What is known of metrics by name: type, help and unit. */
export function fetchMetadata(signal?: AbortSignal): Promise<Record<string, MetricMetadata[]>> {
  return request("metadata", {}, signal);
}

/** The query laid out by the server; a query that does not parse is refused with the place. */
export function formatQuery(query: string, signal?: AbortSignal): Promise<string> {
  return request("format_query", { query }, signal);
}

export function buildInfo(signal?: AbortSignal, token?: string): Promise<BuildInfo> {
  return request("status/buildinfo", {}, signal, token);
}
