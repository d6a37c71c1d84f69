import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { fetchDocument } from "../../api/exchange";
import type { Container } from "./container";

/** The containers of this machine; stopped ones too when all are wanted. */
export function useContainers(all: boolean): UseQueryResult<Container[]> {
  return useQuery({
    queryKey: ["containers", all],
    queryFn: ({ signal }) => fetchDocument<Container[]>(`/api/containers${all ? "?all=1" : ""}`, {}, signal),
    refetchInterval: 5_000,
    retry: false,
  });
}
