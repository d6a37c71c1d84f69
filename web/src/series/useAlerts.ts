import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchAlerts } from "../api/api";
import type { Alert } from "../api/responses";

/** The alerts there are; an alert frame on the socket asks anew, once a minute it happens anyway. */
export function useAlerts(): UseQueryResult<Alert[]> {
  return useQuery({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => fetchAlerts(signal),
    refetchInterval: 60_000,
  });
}

export const activeSince = (alert: Alert): number => Date.parse(alert.activeAt) / 1000;

const WEIGHT: Record<Alert["state"], number> = { firing: 0, pending: 1, unknown: 2, resolved: 3 };

/** Firing first and resolved last, and the longest lasting first within a state. */
export function byUrgency(a: Alert, b: Alert): number {
  return WEIGHT[a.state] - WEIGHT[b.state] || activeSince(a) - activeSince(b);
}
