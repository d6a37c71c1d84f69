import { ApiFailure } from "../../api/failure";
import type { AnswerNotes, Grid } from "../../series/grid";
import type { InstantOutcome } from "../../series/useInstantResults";
import type { RangeResult } from "../../series/useRangeQuery";
import { readComplaint, type Complaint } from "../../promql/place";

/** What is told of a query under its editor. */
export interface Outcome {
  pending: boolean;
  /** Shown figures are of the question before. */
  outdated: boolean;
  failure: Error | null;
  /** Null until there is an answer. */
  found: ({ series: number; samples: number } & AnswerNotes) | null;
}

export function rangeOutcome({ grid, pending, outdated, failure }: RangeResult): Outcome {
  const found = grid?.answer ? { series: grid.series.length, samples: countSamples(grid), ...grid.answer } : null;
  return { pending, outdated, failure, found };
}

export function instantOutcome({ result, answer, pending, outdated, failure }: InstantOutcome): Outcome {
  if (!result || !answer) return { pending, outdated, failure, found: null };
  const single = result.resultType === "scalar" || result.resultType === "string";
  const series = single ? 1 : result.result.length;
  const samples = result.resultType === "matrix" ? result.result.reduce((sum, one) => sum + one.values.length, 0) : series;
  return { pending, outdated, failure, found: { series, samples, ...answer } };
}

function countSamples(grid: Grid): number {
  let count = 0;
  for (const { values } of grid.series) for (const value of values) if (value !== null) count += 1;
  return count;
}

/** The server's objection to the query itself, null when it failed for another reason. */
export function complaintOf(failure: Error | null): (Complaint & { code: string; text: string }) | null {
  if (!(failure instanceof ApiFailure) || failure.kind !== "refused") return null;
  return { ...readComplaint(failure.message), code: failure.code, text: failure.message };
}

/** A range query cannot draw what is no number at a moment; the table shows it. */
export const isUndrawable = (failure: Error | null): boolean => failure !== null && /invalid expression type .*(range vector|string)/i.test(failure.message);
