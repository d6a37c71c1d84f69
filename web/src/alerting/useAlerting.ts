import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchConfiguration, fetchHeld, fetchReceivers, fetchSilences, fetchTold, fetchToldGroups, fetchWhy, type Receiver, type Silence, type Told, type ToldAlert, type ToldGroup, type Why } from "../api/alerting";

/** An alert frame on the socket asks all of these anew; what changes without one is found this often, ms. */
const EVERY = 10_000;

/** The alerts that the pipeline knows, in the groups in which they are told. */
export function useToldGroups(): UseQueryResult<ToldGroup[]> {
  return useQuery({ queryKey: ["alerts", "told"], queryFn: ({ signal }) => fetchToldGroups(signal), refetchInterval: EVERY });
}

export function useSilences(): UseQueryResult<Silence[]> {
  return useQuery({ queryKey: ["alerts", "silences"], queryFn: ({ signal }) => fetchSilences(signal), refetchInterval: EVERY });
}

/** The alerts that a silence with these matchers would hold. */
export function useHeld(matchers: readonly string[], enabled: boolean): UseQueryResult<ToldAlert[]> {
  return useQuery({ queryKey: ["alerts", "held", ...matchers], queryFn: ({ signal }) => fetchHeld(matchers, signal), enabled, placeholderData: keepPreviousData });
}

export function useWhy(fingerprint: string, enabled: boolean): UseQueryResult<Why> {
  return useQuery({ queryKey: ["alerts", "why", fingerprint], queryFn: ({ signal }) => fetchWhy(fingerprint, signal), enabled, refetchInterval: EVERY });
}

export function useTold(wanted: { receiver: string; alertname: string; limit: number }): UseQueryResult<Told[]> {
  return useQuery({ queryKey: ["alerts", "notifications", wanted.receiver, wanted.alertname, wanted.limit], queryFn: ({ signal }) => fetchTold(wanted, signal), refetchInterval: EVERY, placeholderData: keepPreviousData });
}

export function useReceivers(): UseQueryResult<Receiver[]> {
  return useQuery({ queryKey: ["alerts", "receivers"], queryFn: ({ signal }) => fetchReceivers(signal), refetchInterval: EVERY });
}

export function useConfiguration(): UseQueryResult<string> {
  return useQuery({ queryKey: ["alerts", "configuration"], queryFn: ({ signal }) => fetchConfiguration(signal) });
}
