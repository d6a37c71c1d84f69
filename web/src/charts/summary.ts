/** What a legend row tells of one series in the window. */
export interface Summary {
  last: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
}

export type Values = ReadonlyArray<number | null>;

/** Last means the last point there is, unless the series ended more than `patience` points ago. */
export function summarise(values: Values, patience = 6): Summary {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  let lastAt = -1;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count += 1;
    lastAt = i;
  }
  if (count === 0) return { last: null, min: null, max: null, mean: null };
  const last = values.length - 1 - lastAt <= patience ? (values[lastAt] as number) : null;
  return { last, min, max, mean: sum / count };
}

/** Neither above nor below zero anywhere. */
export const isNothing = (values: Values): boolean => values.every((value) => !value);

/** Points with a gap on both sides: a line cannot show them, so the chart draws dots. */
export function lonelyPoints(values: Values): number[] {
  const lonely: number[] = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] == null) continue;
    if (values[i - 1] == null && values[i + 1] == null) lonely.push(i);
  }
  return lonely;
}
