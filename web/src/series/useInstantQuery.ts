import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { queryInstant } from "../api/api";
import type { Labels } from "../api/responses";
import { useTimeRange } from "../time/useTimeRange";

export interface Reading {
  labels: Labels;
  value: number;
}

/** Ticking readings are asked again at every live tick; settled ones (names, sizes) once a minute. */
export type Pace = "ticking" | "settled";

/** An expression's values at the end of the page's time range. */
export function useInstantQuery(text: string, pace: Pace = "ticking", enabled = true): UseQueryResult<Reading[]> {
  const { range } = useTimeRange();
  const time = range.kind === "between" ? range.to : undefined;
  return useQuery({
    queryKey: [pace === "ticking" ? "instant" : "settled", text, time ?? "now"],
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: pace === "settled" ? 60_000 : false,
    queryFn: async ({ signal }) => {
      const { result } = await queryInstant(text, time, signal);
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
  });
}
