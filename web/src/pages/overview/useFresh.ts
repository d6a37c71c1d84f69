import { useQuery } from "@tanstack/react-query";
import { queryInstant } from "../../api/api";
import type { Reading } from "../../series/useInstantQuery";

export interface Fresh {
  readings: readonly Reading[] | undefined;
  failure: Error | null;
}

/** An expression's values at this moment, whatever time range the page shows: what is wrong is wrong now. */
export function useFresh(text: string, enabled = true): Fresh {
  const { data, error } = useQuery({
    queryKey: ["freshness", "readings", text],
    enabled,
    queryFn: async ({ signal }): Promise<Reading[]> => {
      const { result } = await queryInstant(text, undefined, signal);
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
  });
  return { readings: data, failure: error };
}
