import { useMemo } from "react";
import { guessCommonUnit } from "../promql/unit";
import { nameSeries } from "../promql/names";
import { linesOf, type LineSource } from "../series/lines";
import { seriesKey } from "../series/grid";
import { useRangeResults, type RangeResult } from "../series/useRangeQuery";
import { LinesPanel, type LinesPanelProps } from "./LinesPanel";
import type { Unit } from "./units";

export interface ChartQuery {
  expr: string;
  /** A template such as "{{instance}}"; without one, what tells the series apart names them. */
  legend?: string | undefined;
  /** How the query is called where names clash; by default its letter. */
  mark?: string | undefined;
}

interface QueryChartProps extends Omit<LinesPanelProps, "lines" | "pending" | "outdated" | "failure" | "unit"> {
  queries: readonly ChartQuery[];
  /** By default guessed from the names of the metrics. */
  unit?: Unit | null | undefined;
  /** Seconds between two points; by default from the time range. */
  step?: number | null | undefined;
}

/** A chart of PromQL queries over the page's time range. */
export function QueryChart({ queries, step = null, ...rest }: QueryChartProps) {
  const distinct = useMemo(() => distinctQueries(queries), [queries]);
  const results = useRangeResults(distinct.map((query) => query.expr), step);
  return <ResultChart {...rest} queries={distinct} results={results} />;
}

interface ResultChartProps extends Omit<QueryChartProps, "step"> {
  results: readonly RangeResult[];
}

/** The same for results that a page has asked for itself. */
export function ResultChart({ queries, results, unit, ...rest }: ResultChartProps) {
  const sources = useMemo(() => sourcesOf(queries, results), [queries, results]);
  const lines = useMemo(() => linesOf(sources, results.map((result) => result.grid), rest.stacked), [sources, results, rest.stacked]);
  const axis = useMemo(() => unit ?? guessCommonUnit(queries.map((query) => query.expr)), [unit, queries]);
  const failed = results.filter((result) => result.failure);
  return (
    <LinesPanel
      {...rest}
      unit={axis}
      lines={lines}
      pending={results.some((result) => result.pending)}
      outdated={results.some((result) => result.outdated)}
      // One query's failure is no reason to hide the others.
      failure={failed.length === results.length ? (failed[0]?.failure ?? null) : null}
    />
  );
}

/** Asking the same twice would draw the same line twice. */
export function distinctQueries<T extends ChartQuery>(queries: readonly T[]): T[] {
  return queries.filter((query, at) => queries.findIndex((other) => other.expr === query.expr) === at);
}

export const letterOf = (index: number): string => String.fromCharCode(65 + (index % 26));

function sourcesOf(queries: readonly ChartQuery[], results: readonly RangeResult[]): LineSource[] {
  const names = nameSeries(
    queries.map((query, at) => ({
      mark: query.mark ?? letterOf(at),
      expr: query.expr,
      legend: query.legend ?? "",
      labels: results[at]?.grid?.series.map((series) => series.labels) ?? [],
    })),
  );
  return queries.map((query, at) => {
    const byKey = new Map(results[at]?.grid?.series.map((series, i) => [series.key, names[at]?.[i] ?? ""]));
    return { expression: () => query.expr, name: (labels) => byKey.get(seriesKey(labels)) ?? "" };
  });
}
