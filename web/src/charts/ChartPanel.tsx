import { useMemo } from "react";
import { linesOf, type LineSource } from "../series/lines";
import { useRangeQueries } from "../series/useRangeQuery";
import { LinesPanel, type LinesPanelProps } from "./LinesPanel";

interface ChartPanelProps extends Omit<LinesPanelProps, "lines" | "pending" | "outdated" | "failure"> {
  sources: readonly LineSource[];
}

/** A chart that asks for what it draws. */
export function ChartPanel({ sources, ...rest }: ChartPanelProps) {
  const { grids, pending, outdated, failure } = useRangeQueries(sources.map((source) => source.expression));
  const lines = useMemo(() => linesOf(sources, grids, rest.stacked), [sources, grids, rest.stacked]);
  return <LinesPanel {...rest} {...{ lines, pending, outdated, failure }} />;
}
