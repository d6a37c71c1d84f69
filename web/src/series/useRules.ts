import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchRules } from "../api/api";
import type { Rule } from "../api/responses";

/**
 * The alert rules there are. Their states follow the alerts; their figures move with every evaluation, which only
 * those who look at them (`watched`) need.
 */
export function useRules(watched = false): UseQueryResult<Rule[]> {
  return useQuery({
    queryKey: ["alerts", "rules"],
    queryFn: async ({ signal }) => (await fetchRules(signal)).flatMap((group) => group.rules),
    refetchInterval: watched ? 5_000 : 60_000,
  });
}
