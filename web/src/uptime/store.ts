import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../api/exchange";
import { ApiFailure } from "../api/failure";
import type { Incident, Status, ToldIncident } from "./incident";

const PATH = "/api/v1/incidents";
const EVERY = 10_000;
/** The API gives no more at once. */
export const MOST_OPEN = 1_000;
export const PAGE = 50;

export const json = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({ method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });

export interface Wanted {
  open?: boolean;
  check?: string;
  /** Only those with a smaller id. */
  before?: string;
  /** Seconds. */
  start?: number;
  end?: number;
  limit: number;
}

function searchOf({ open, check, before, start, end, limit }: Wanted): string {
  const search = new URLSearchParams({ limit: String(limit) });
  if (open) search.set("open", "true");
  if (check) search.set("check", check);
  if (before) search.set("before", before);
  if (start !== undefined) search.set("start", start.toFixed(3));
  if (end !== undefined) search.set("end", end.toFixed(3));
  return search.toString();
}

export function useIncidents(wanted: Wanted, enabled = true): UseQueryResult<Incident[]> {
  const search = searchOf(wanted);
  return useQuery({
    queryKey: ["incidents", "found", search],
    queryFn: async ({ signal }) => (await fetchDocument<{ incidents: Incident[] }>(`${PATH}?${search}`, {}, signal)).incidents,
    enabled,
    refetchInterval: EVERY,
    placeholderData: keepPreviousData,
  });
}

/** Those that overlap a stretch of time, asked anew as the page's range moves. */
export function useIncidentsWithin(window: () => { from: number; to: number }, range: string, check: string): UseQueryResult<Incident[]> {
  return useQuery({
    queryKey: ["incidents", "within", range, check],
    queryFn: async ({ signal }) => {
      const { from, to } = window();
      return (await fetchDocument<{ incidents: Incident[] }>(`${PATH}?${searchOf({ start: from, end: to, check, limit: 500 })}`, {}, signal)).incidents;
    },
    refetchInterval: EVERY,
    placeholderData: keepPreviousData,
  });
}

export function useIncident(id: string): UseQueryResult<ToldIncident> {
  return useQuery({ queryKey: ["incidents", "one", id], queryFn: ({ signal }) => fetchDocument<ToldIncident>(`${PATH}/${encodeURIComponent(id)}`, {}, signal), refetchInterval: EVERY });
}

export interface Written {
  title: string;
  text: string;
  status: Status;
  public: boolean;
}

export const begin = (written: Written): Promise<ToldIncident> => fetchDocument(PATH, json("POST", written));

/** Changes some parts; what else happens to it meanwhile stays. */
export const change = (id: number, parts: Partial<Pick<Incident, "title" | "assignee" | "post_mortem" | "public">>, version?: number): Promise<ToldIncident> =>
  fetchDocument(`${PATH}/${id}`, json("PATCH", parts, version === undefined ? {} : { "If-Match": `"${version}"` }));

/** Saves a post-mortem in place of the one that was edited: every line of the timeline makes a new version, but few change this text. */
export async function savePostMortem(id: number, text: string, base: string): Promise<void> {
  const fresh = await fetchDocument<ToldIncident>(`${PATH}/${id}`);
  if (fresh.post_mortem !== base) throw new ApiFailure("refused", "Somebody else changed the post-mortem meanwhile.", "conflict");
  await change(id, { post_mortem: text }, fresh.version);
}

export const act = (id: number, action: "acknowledge" | "resolve"): Promise<ToldIncident> => fetchDocument(`${PATH}/${id}/${action}`, { method: "POST" });

export const update = (id: number, said: { text: string; status: Status; public: boolean }): Promise<ToldIncident> => fetchDocument(`${PATH}/${id}/updates`, json("POST", said));
