import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../../api/exchange";
import { json } from "../../uptime/store";
import { wholeOf, type Channel, type StatusPage, type ToldPage, type WrittenPage } from "./page";

const PATH = "/api/v1/status-pages";

const one = (slug: string): string => `${PATH}/${encodeURIComponent(slug)}`;

export function usePages(): UseQueryResult<StatusPage[]> {
  return useQuery({ queryKey: ["pages", "all"], queryFn: async ({ signal }) => (await fetchDocument<{ status_pages: ToldPage[] }>(PATH, {}, signal)).status_pages.map(wholeOf), refetchInterval: 60_000 });
}

/** One page as it is stored: asked whenever its editor opens, and not again behind its back. */
export function usePage(slug: string): UseQueryResult<StatusPage> {
  return useQuery({ queryKey: ["page", slug], queryFn: async ({ signal }) => wholeOf(await fetchDocument<ToldPage>(one(slug), {}, signal)), staleTime: Infinity, gcTime: 0 });
}

export interface Subscriber {
  id: string;
  channel: Channel;
  to: string;
  since: string;
}

export function useSubscribers(slug: string): UseQueryResult<Subscriber[]> {
  return useQuery({ queryKey: ["pages", "subscribers", slug], queryFn: async ({ signal }) => (await fetchDocument<{ subscribers: Subscriber[] }>(`${one(slug)}/subscribers`, {}, signal)).subscribers, refetchInterval: 60_000 });
}

export const create = async (page: WrittenPage): Promise<StatusPage> => wholeOf(await fetchDocument<ToldPage>(PATH, json("POST", page)));

/** Saves in place of a version. */
export const save = async (page: WrittenPage, version: number): Promise<StatusPage> => wholeOf(await fetchDocument<ToldPage>(one(page.slug), json("PUT", page, { "If-Match": `"${version}"` })));

export const remove = (slug: string): Promise<void> => fetchDocument(one(slug), { method: "DELETE" });
export const dismiss = (slug: string, id: string): Promise<void> => fetchDocument(`${one(slug)}/subscribers/${encodeURIComponent(id)}`, { method: "DELETE" });
