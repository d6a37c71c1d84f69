import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { exchange, fetchDocument, refusalOf } from "../../api/exchange";
import { ApiFailure } from "../../api/failure";
import type { Answer } from "../../api/responses";
import type { Backtest, BacktestQuestion } from "./backtest";
import type { ListedGroup, RadarLook } from "./ruleList";
import type { Judgement, Stored, WrittenRule } from "./rule";

const PATH = "/api/v1/alert-rules";
/** The server itself ends what takes longer (rules.radar_timeout, query.timeout). */
const LONG_MS = 120_000;
const MOST_TRIES = 5;

const one = (name: string): string => `${PATH}/${encodeURIComponent(name)}`;
const json = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({ method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });

/** The rules of the catalog, those that are off too. */
export function useStoredRules(): UseQueryResult<Stored[]> {
  return useQuery({ queryKey: ["rules", "stored"], queryFn: async ({ signal }) => (await fetchDocument<{ rules: Stored[] }>(PATH, {}, signal)).rules, refetchInterval: 60_000 });
}

/** One rule as it is stored: asked whenever its page opens, and not again behind its back, lest it change under one who edits it. */
export function useStoredRule(name: string): UseQueryResult<Stored> {
  return useQuery({ queryKey: ["rule", name], queryFn: ({ signal }) => fetchDocument<Stored>(one(name), {}, signal), staleTime: Infinity, gcTime: 0 });
}

/** All groups of rules, of files and of the catalog, recording rules too, and what is wrong with the files. */
export function useRuleGroups(): UseQueryResult<{ groups: ListedGroup[]; problems: string[] }> {
  return useQuery({
    queryKey: ["rules", "groups"],
    queryFn: async ({ signal }) => {
      const { data, warnings } = await enveloped<{ groups: ListedGroup[] }>("/api/v1/rules?exclude_alerts=true", {}, signal);
      return { groups: data.groups, problems: warnings };
    },
    refetchInterval: 5_000,
  });
}

/** What the radar finds; it looks through days of samples, so it is asked rarely. */
export function useRadar(): UseQueryResult<{ look: RadarLook; warnings: string[] }> {
  return useQuery({
    queryKey: ["rules", "radar"],
    queryFn: async ({ signal }) => {
      const { data, warnings } = await enveloped<RadarLook>("/api/v1/radar", {}, signal, LONG_MS);
      return { look: data, warnings };
    },
    staleTime: 300_000,
  });
}

async function enveloped<T>(path: string, init: RequestInit, signal: AbortSignal, patience?: number): Promise<{ data: T; warnings: string[] }> {
  const { status, body } = await exchange(path, init, signal, undefined, patience);
  const answer = body as Answer<T>;
  if (answer.status !== "success") throw refusalOf(status, answer);
  return { data: answer.data, warnings: answer.warnings ?? [] };
}

/** What the server has to say of a rule as it is written. */
export function useJudgement(rule: WrittenRule | null): UseQueryResult<Judgement> {
  const body = rule === null ? "" : JSON.stringify(rule);
  return useQuery({
    queryKey: ["rules", "judgement", body],
    queryFn: ({ signal }) => fetchDocument<Judgement>("/api/v1/validate/alert-rule", { ...json("POST", null), body }, signal),
    enabled: rule !== null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

/** What a rule would have done. It is asked anew for another rule or another time, and on demand. */
export function useBacktest(question: BacktestQuestion | null, range: string, window: () => { from: number; to: number }): UseQueryResult<Backtest> {
  return useQuery({
    queryKey: ["rules", "backtest", JSON.stringify(question), range],
    queryFn: ({ signal }) => {
      const { from, to } = window();
      return fetchDocument<Backtest>("/api/v1/backtest/alert-rule", json("POST", { ...question, start: from, end: to }), signal, LONG_MS);
    },
    enabled: question !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    // Only so many may run at once, and none lasts long.
    retry: (count, error) => count < MOST_TRIES && error instanceof ApiFailure && error.code === "query_concurrency_limit",
    retryDelay: 1_000,
  });
}

export const create = (rule: WrittenRule): Promise<Stored> => fetchDocument(PATH, json("POST", rule));

/** Saves in place of a version. */
export const save = (rule: WrittenRule, version: number): Promise<Stored> => fetchDocument(one(rule.name), json("PUT", rule, { "If-Match": `"${version}"` }));

export const fetchStored = (name: string): Promise<Stored> => fetchDocument(one(name));
export const remove = (name: string): Promise<void> => fetchDocument(one(name), { method: "DELETE" });
export const act = (name: string, action: "enable" | "disable" | "restore"): Promise<Stored> => fetchDocument(`${one(name)}/${action}`, { method: "POST" });
