import { keepPreviousData, useQueries, useQueryClient, type QueryClient, type UseQueryResult } from "@tanstack/react-query";
import { queryRange } from "../api/api";
import { hasHistograms } from "../api/histograms";
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

/** One query's part of the data, for a page that tells them apart. */
export interface RangeResult {
  grid: Grid | undefined;
  pending: boolean;
  outdated: boolean;
  failure: Error | null;
}

/** Keeps expressions' series for the page's time range; every live tick asks only for the missing tails. */
export function useRangeQueries(expressions: readonly Expression[]): RangeData {
  const client = useQueryClient();
  const { range } = useTimeRange();
  const step = stepFor(lengthOf(range));
  return useQueries({ queries: expressions.map((expression) => rangeQuery(client, expression(rateWindow(step)), step, range)), combine });
}

export function useRangeQuery(expression: Expression): RangeData {
  return useRangeQueries([expression]);
}

/** The same for queries as they stand, each with its own outcome; without a step the range gives it. */
export function useRangeResults(queries: readonly string[], step: number | null): RangeResult[] {
  const client = useQueryClient();
  const { range } = useTimeRange();
  const points = step ?? stepFor(lengthOf(range));
  return useQueries({ queries: queries.map((text) => rangeQuery(client, text, points, range)), combine: apart });
}

function rangeQuery(client: QueryClient, text: string, step: number, range: TimeRange) {
  const key = ["range", text, step, range.kind === "last" ? range.seconds : `${range.from}-${range.to}`];
  return {
    queryKey: key,
    placeholderData: keepPreviousData<Grid>,
    structuralSharing: false,
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Grid> => {
      const bounds = gridBounds(windowOf(range, now()), step);
      const kept = client.getQueryData<Grid>(key);
      const from = missingFrom(kept, bounds, step);
      const asked = performance.now();
      const { data, warnings, infos } = await queryRange(text, from, bounds.to, step, signal);
      return { ...mergeTail(kept, data, from, bounds, step), answer: { warnings, infos, took: (performance.now() - asked) / 1000, histograms: hasHistograms(data) } };
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

function apart(results: Array<UseQueryResult<Grid>>): RangeResult[] {
  return results.map((result) => ({ grid: result.data, pending: result.isPending, outdated: result.isPlaceholderData, failure: result.error }));
}
