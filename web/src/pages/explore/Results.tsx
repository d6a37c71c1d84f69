import { useMemo } from "react";
import { ApiFailure } from "../../api/failure";
import { ResultChart } from "../../charts/QueryChart";
import { useChartHeight } from "../../charts/useChartHeight";
import { guessCommonUnit } from "../../promql/unit";
import type { RangeResult } from "../../series/useRangeQuery";
import { printDuration } from "../../time/duration";
import { lengthOf } from "../../time/range";
import { stepFor } from "../../time/step";
import { useTimeRange } from "../../time/useTimeRange";
import type { ExploreDocument } from "./document";
import { Options } from "./Options";
import { ResultTable } from "./ResultTable";
import styles from "./Results.module.css";
import type { Outcomes } from "./useOutcomes";

interface ResultsProps {
  document: ExploreDocument;
  outcomes: Outcomes;
  onChange: (change: Partial<ExploreDocument>) => void;
}

/** The one chart of this page may be higher than those that stand in a grid. */
const TALLER = 1.75;
const FEWEST_ROWS = 3;
const MOST_ROWS = 8;

/** What the queries found, as a chart, a table or both. */
export function Results({ document, outcomes, onChange }: ResultsProps) {
  const { range } = useTimeRange();
  const height = Math.round(useChartHeight() * TALLER);
  const { queries, ranges, instants } = outcomes;
  const autoStep = stepFor(lengthOf(range));
  const step = document.step ?? autoStep;
  const guessed = useMemo(() => guessCommonUnit(queries.map((query) => query.expr)), [queries]);
  const unit = document.unit ?? guessed;
  const drawn = useMemo(() => ranges.map(withoutComplaint), [ranges]);
  const sources = useMemo(() => instants.map(({ result, failure }, at) => ({ mark: queries[at]?.mark ?? "", result: isRefused(failure) ? undefined : result })), [instants, queries]);
  const failed = instants.find((one) => one.failure && !isRefused(one.failure))?.failure ?? null;
  const series = drawn.reduce((sum, one) => sum + (one.grid?.series.length ?? 0), 0);
  const points = Math.floor(lengthOf(range) / step) + 1;

  return (
    <>
      <Options {...{ document, guessed, autoStep, onChange }} />
      <div className={styles.panels}>
        {document.view !== "table" && (
          <ResultChart
            title="Chart"
            note={`a point every ${printDuration(step)}, ${points.toLocaleString("en")} for each series`}
            queries={queries}
            results={drawn}
            unit={unit}
            stacked={document.stacked}
            logarithmic={document.logarithmic}
            height={height}
            legendRows={Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, series))}
            empty={nothing(queries.length, ranges)}
          />
        )}
        {document.view !== "chart" && (
          <ResultTable
            {...{ sources, unit }}
            pending={instants.some((one) => one.pending)}
            outdated={instants.some((one) => one.outdated)}
            failure={failed}
            empty={nothing(queries.length, instants)}
          />
        )}
      </div>
    </>
  );
}

/** An objection to a query stands under its editor; the chart need not say it again. */
function withoutComplaint(result: RangeResult): RangeResult {
  return isRefused(result.failure) ? { ...result, grid: undefined, failure: null } : result;
}

const isRefused = (failure: Error | null): boolean => failure instanceof ApiFailure && failure.kind === "refused";

function nothing(asked: number, results: ReadonlyArray<{ failure: Error | null }>): string {
  if (asked === 0) return "All queries are hidden.";
  if (results.length > 0 && results.every((one) => one.failure)) return "Nothing to show: see what is said under the query.";
  return "No series match in this time range. Metrics shows which names and labels there are.";
}
