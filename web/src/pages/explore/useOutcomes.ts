import { useMemo } from "react";
import { distinctQueries, letterOf, type ChartQuery } from "../../charts/QueryChart";
import { useInstantResults, type InstantOutcome } from "../../series/useInstantResults";
import { useRangeResults, type RangeResult } from "../../series/useRangeQuery";
import type { ExploreDocument } from "./document";
import { instantOutcome, rangeOutcome, type Outcome } from "./outcome";

export interface Outcomes {
  /** The queries that are asked, each once, with the results beside them by position. */
  queries: ChartQuery[];
  ranges: RangeResult[];
  instants: InstantOutcome[];
  /** What is told of a query, by its text. */
  of: ReadonlyMap<string, Outcome>;
}

const NONE: string[] = [];

/** Asks the document's queries for what its view shows. */
export function useOutcomes({ queries: all, view, step }: ExploreDocument): Outcomes {
  const queries = useMemo(() => {
    const asked = all.map((query, at) => ({ ...query, mark: letterOf(at) })).filter((query) => query.expr !== "" && !query.hidden);
    return distinctQueries(asked);
  }, [all]);
  const texts = queries.map((query) => query.expr);
  const ranges = useRangeResults(view === "table" ? NONE : texts, step);
  const instants = useInstantResults(view === "chart" ? NONE : texts);
  const of = useMemo(() => {
    const told = view === "table" ? instants.map(instantOutcome) : ranges.map(rangeOutcome);
    return new Map(queries.map((query, at) => [query.expr, told[at] as Outcome]));
  }, [queries, ranges, instants, view]);
  return { queries, ranges, instants, of };
}
