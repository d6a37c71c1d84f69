import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { enveloped } from "../../api/api";
import { fetchDocument } from "../../api/exchange";
import { json } from "../../uptime/store";
import type { Channel, StatusPage, WrittenPage } from "./page";

const PATH = "/api/v1/status-pages";

const one = (slug: string): string => `${PATH}/${encodeURIComponent(slug)}`;

export function usePages(): UseQueryResult<StatusPage[]> {
  return useQuery({ queryKey: ["pages", "all"], queryFn: ({ signal }) => enveloped<StatusPage[]>("status-pages", {}, signal), refetchInterval: 60_000 });
}

/** One page as it is stored: asked whenever its editor opens, and not again behind its back. */
export function usePage(slug: string): UseQueryResult<StatusPage> {
  return useQuery({ queryKey: ["page", slug], queryFn: ({ signal }) => fetchDocument<StatusPage>(one(slug), {}, signal), staleTime: Infinity, gcTime: 0 });
}

export interface Subscriber {
  id: string;
  channel: Channel;
  to: string;
  since: string;
}

export function useSubscribers(slug: string): UseQueryResult<Subscriber[]> {
  return useQuery({ queryKey: ["pages", "subscribers", slug], queryFn: ({ signal }) => enveloped<Subscriber[]>(`status-pages/${encodeURIComponent(slug)}/subscribers`, {}, signal), refetchInterval: 60_000 });
}

export const create = (page: WrittenPage): Promise<StatusPage> => fetchDocument(PATH, json("POST", page));

/** Saves in place of a version. */
export const save = (page: WrittenPage, version: number): Promise<StatusPage> => fetchDocument(one(page.slug), json("PUT", page, { "If-Match": `"${version}"` }));

export const remove = (slug: string): Promise<void> => fetchDocument(one(slug), { method: "DELETE" });
export const dismiss = (slug: string, id: string): Promise<void> => fetchDocument(`${one(slug)}/subscribers/${encodeURIComponent(id)}`, { method: "DELETE" });
