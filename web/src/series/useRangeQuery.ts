import { keepPreviousData, useQueries, useQueryClient, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { queryRange } from "../api/api";
import { now } from "../time/clock";
import { lengthOf, windowOf, type TimeRange } from "../time/range";
import { rateWindow, stepFor } from "../time/step";
import { useTimeRange } from "../time/useTimeRange";
import { gridBounds, mergeTail, missingFrom, type Grid } from "./grid";

/** A query as text, given the window that rate() should use at the chart's step. */
export type Expression = (rate: string) => string;

export interface RangeData {
  /** One per expression, undefined until its first answer. */
  grids: Array<Grid | undefined>;
  pending: boolean;
  /** Still of the range before, while the chosen one is on its way. */
  outdated: boolean;
  failure: Error | null;
}

/** Keeps expressions' series for the page's time range; every live tick asks only for the missing tails. */
export function useRangeQueries(expressions: readonly Expression[]): RangeData {
  const client = useQueryClient();
  const { range } = useTimeRange();
  return useQueries({ queries: expressions.map((expression) => rangeQuery(client, expression, range)), combine });
}

export function useRangeQuery(expression: Expression): RangeData {
  return useRangeQueries([expression]);
}

function rangeQuery(client: QueryClient, expression: Expression, range: TimeRange) {
  const step = stepFor(lengthOf(range));
  const text = expression(rateWindow(step));
  const key = ["range", text, step, range.kind === "last" ? range.seconds : `${range.from}-${range.to}`];
  return {
    queryKey: key,
    placeholderData: keepPreviousData<Grid>,
    structuralSharing: false,
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Grid> => {
      const bounds = gridBounds(windowOf(range, now()), step);
      const kept = client.getQueryData<Grid>(key);
      const from = missingFrom(kept, bounds, step);
      const answer = await queryRange(text, from, bounds.to, step, signal);
      return mergeTail(kept, answer, from, bounds, step);
    },
  };
}

function combine(results: Array<UseQueryResult<Grid>>): RangeData {
  return {
    grids: results.map((result) => result.data),
    pending: results.some((result) => result.isPending),
    outdated: results.some((result) => result.isPlaceholderData),
    failure: results.find((result) => result.error !== null)?.error ?? null,
  };
}
