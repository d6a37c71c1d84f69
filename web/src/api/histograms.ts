import type { InstantResult, Labels, MatrixResult, NativeHistogram, Sample, VectorResult } from "./responses";

/** A series as the server answers it: floats and native histograms apart. */
interface Element {
  metric: Labels;
  value?: Sample;
  histogram?: [number, NativeHistogram];
}
interface Series {
  metric: Labels;
  values?: Sample[];
  histograms?: Array<[number, NativeHistogram]>;
}

/** A native histogram in a few words, for it is no number: `count 12, sum 3.4`. */
export const inWords = ({ count, sum }: NativeHistogram): string => `count ${count}, sum ${sum}`;

/** Whether there is a sample that is a native histogram, in an answer made readable. */
export const hasHistograms = (answered: MatrixResult): boolean => answered.result.some(({ values }) => values.some(([, text]) => text.startsWith("count ")));

const worded = ([time, histogram]: [number, NativeHistogram]): Sample => [time, inWords(histogram)];

export function readableVector(answered: VectorResult): VectorResult {
  const result = (answered.result as Element[]).map(({ metric, value, histogram }) => ({ metric, value: value ?? (histogram ? worded(histogram) : ([0, "NaN"] as Sample)) }));
  return { ...answered, result };
}

export function readableMatrix(answered: MatrixResult): MatrixResult {
  const result = (answered.result as Series[]).map(({ metric, values = [], histograms = [] }) => ({
    metric,
    values: histograms.length === 0 ? values : [...values, ...histograms.map(worded)].sort((a, b) => a[0] - b[0]),
  }));
  return { ...answered, result };
}

/** An answer in which every sample has a value that can be read. */
export function readable(answered: InstantResult): InstantResult {
  if (answered.resultType === "vector") return readableVector(answered);
  return answered.resultType === "matrix" ? readableMatrix(answered) : answered;
}
