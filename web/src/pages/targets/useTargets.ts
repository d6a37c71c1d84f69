import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchTargets } from "../../api/api";
import type { Targets } from "../../api/responses";

/** The scrape targets, asked again often enough to see a target fall. */
export function useTargets(): UseQueryResult<Targets> {
  return useQuery({ queryKey: ["targets"], queryFn: ({ signal }) => fetchTargets(signal), refetchInterval: 5_000 });
}
