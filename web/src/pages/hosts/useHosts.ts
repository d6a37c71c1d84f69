import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { labelValues } from "../../api/api";

/** The names of all hosts that have reported; asked at every tick while there is none. */
export function useHosts(): UseQueryResult<string[]> {
  return useQuery({
    queryKey: ["settled", "hosts"],
    queryFn: async ({ signal }) => (await labelValues("instance", "node_time_seconds", signal)).sort((a, b) => a.localeCompare(b, undefined, { numeric: true })),
    refetchInterval: (query) => (query.state.data?.length ? 60_000 : 2_000),
  });
}
