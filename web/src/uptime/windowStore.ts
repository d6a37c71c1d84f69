import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../api/exchange";
import { json } from "./store";
import type { MaintenanceWindow, WrittenWindow } from "./window";

const PATH = "/api/v1/windows";
const EVERY = 10_000;

const one = (id: string): string => `${PATH}/${encodeURIComponent(id)}`;

export function useWindows(): UseQueryResult<MaintenanceWindow[]> {
  return useQuery({ queryKey: ["windows"], queryFn: async ({ signal }) => (await fetchDocument<{ windows: MaintenanceWindow[] }>(PATH, {}, signal)).windows, refetchInterval: EVERY });
}

export interface Stretch {
  start: string;
  end: string;
}

/** When a window would be active, now and next; the server's word where it cannot be. */
export function usePreview(window: WrittenWindow | null): UseQueryResult<Stretch[]> {
  const body = window === null ? "" : JSON.stringify(window);
  return useQuery({
    queryKey: ["windows", "preview", body],
    queryFn: async ({ signal }) => (await fetchDocument<{ stretches: Stretch[] }>(`${PATH}/preview`, { ...json("POST", null), body }, signal)).stretches,
    enabled: window !== null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
}

export const create = (window: WrittenWindow): Promise<MaintenanceWindow> => fetchDocument(PATH, json("POST", window));

/** Saves in place of a version. */
export const save = (id: string, window: WrittenWindow, version: number): Promise<MaintenanceWindow> => fetchDocument(one(id), json("PUT", window, { "If-Match": `"${version}"` }));

export const end = (id: string): Promise<MaintenanceWindow> => fetchDocument(`${one(id)}/end`, { method: "POST" });
export const remove = (id: string): Promise<void> => fetchDocument(one(id), { method: "DELETE" });
