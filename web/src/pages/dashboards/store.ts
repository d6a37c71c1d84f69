import { useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../../api/exchange";
import { labelValues } from "../../api/api";
import type { Dashboard, Listed, Stored, Variable } from "./dashboard";

const PATH = "/api/v1/dashboards";

export interface Listing {
  dashboards: Listed[];
  /** What is wrong with the files. */
  problems: string[];
}

export function useListing(): UseQueryResult<Listing> {
  return useQuery({ queryKey: ["dashboards"], queryFn: ({ signal }) => fetchDocument<Listing>(PATH, {}, signal), refetchInterval: 60_000 });
}

/** One dashboard as it is stored. It is not asked again behind a page's back, lest it change under one who edits it. */
export function useStored(name: string): UseQueryResult<Stored> {
  return useQuery({
    queryKey: ["dashboard", name],
    queryFn: ({ signal }) => fetchDocument<Stored>(`${PATH}/${encodeURIComponent(name)}`, {}, signal),
    retry: false,
    refetchOnWindowFocus: false,
  });
}

/** Saves in place of a version: 0 for a new one, null for whatever is there. */
export function save(dashboard: Dashboard, version: number | null): Promise<Stored> {
  const condition: Record<string, string> = version === null ? {} : version === 0 ? { "If-None-Match": "*" } : { "If-Match": `"${version}"` };
  return fetchDocument(`${PATH}/${encodeURIComponent(dashboard.name)}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json", ...condition },
    body: JSON.stringify(dashboard),
  });
}

/** Saves a new dashboard from the YAML or JSON text of a file. */
export function saveText(name: string, text: string): Promise<Stored> {
  return fetchDocument(`${PATH}/${encodeURIComponent(name)}`, { method: "PUT", headers: { "Content-Type": "application/yaml", "If-None-Match": "*" }, body: text });
}

export function remove(name: string): Promise<void> {
  return fetchDocument(`${PATH}/${encodeURIComponent(name)}`, { method: "DELETE" });
}

export const yamlAddress = (name: string): string => `${PATH}/${encodeURIComponent(name)}?format=yaml`;

/** What variables offer, each in order. */
export function useOffers(variables: readonly Variable[]): Array<UseQueryResult<string[]>> {
  return useQueries({
    queries: variables.map((variable) => ({
      queryKey: ["settled", "values", variable.metric, variable.label],
      queryFn: ({ signal }: { signal: AbortSignal }) => labelValues(variable.label, variable.metric, signal),
      refetchInterval: 60_000,
    })),
  });
}
