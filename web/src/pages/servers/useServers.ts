import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../../api/exchange";
import type { Reported, Server } from "./server";

/** The registered servers, asked again often enough to see one fall silent. */
export function useServers(): UseQueryResult<Server[]> {
  return useQuery({
    queryKey: ["servers"],
    queryFn: async ({ signal }) => (await fetchDocument<{ servers: Server[] }>("/api/v1/servers", {}, signal)).servers,
    refetchInterval: 5_000,
  });
}

/** The latest sample of every series that a server has reported. */
export function useReported(id: string): UseQueryResult<Reported[]> {
  return useQuery({
    queryKey: ["instant", "reported", id],
    queryFn: async ({ signal }) => (await fetchDocument<{ metrics: Reported[] }>(`/api/v1/metrics?server_id=${encodeURIComponent(id)}`, {}, signal)).metrics,
  });
}
