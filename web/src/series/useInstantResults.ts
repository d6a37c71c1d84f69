import { keepPreviousData, useQueries, type UseQueryResult } from "@tanstack/react-query";
import { evaluate } from "../api/api";
import type { InstantResult } from "../api/responses";
import { useTimeRange } from "../time/useTimeRange";
import type { AnswerNotes } from "./grid";

/** One query's outcome at a moment. */
export interface InstantOutcome {
  result: InstantResult | undefined;
  answer: AnswerNotes | undefined;
  pending: boolean;
  outdated: boolean;
  failure: Error | null;
}

interface Found {
  result: InstantResult;
  answer: AnswerNotes;
}

/** Queries of any type at the end of the page's time range, each with its own outcome. */
export function useInstantResults(queries: readonly string[]): InstantOutcome[] {
  const { range } = useTimeRange();
  const time = range.kind === "between" ? range.to : undefined;
  return useQueries({
    queries: queries.map((text) => ({
      queryKey: ["instant", "any", text, time ?? "now"],
      placeholderData: keepPreviousData<Found>,
      structuralSharing: false,
      queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Found> => {
        const asked = performance.now();
        const { data, warnings, infos } = await evaluate(text, time, signal);
        return { result: data, answer: { warnings, infos, took: (performance.now() - asked) / 1000 } };
      },
    })),
    combine,
  });
}

function combine(results: Array<UseQueryResult<Found>>): InstantOutcome[] {
  return results.map(({ data, isPending, isPlaceholderData, error }) => ({
    result: data?.result,
    answer: data?.answer,
    pending: isPending,
    outdated: isPlaceholderData,
    failure: error,
  }));
}
