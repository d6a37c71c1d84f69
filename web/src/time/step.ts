/** Seconds between two points that people can read a clock by. */
const NICE_STEPS = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** Hosts report every 5 s; a finer step would only repeat samples. */
const FINEST_STEP = 5;
const POINTS_PER_CHART = 300;

/** The query step for a window of so many seconds: the first nice step giving at most about 300 points. */
export function stepFor(rangeSeconds: number): number {
  const wanted = Math.max(FINEST_STEP, rangeSeconds / POINTS_PER_CHART);
  const nice = NICE_STEPS.find((step) => step >= wanted);
  return nice ?? Math.ceil(wanted / 86400) * 86400;
}

/** The window of rate(): four steps, so that no sample falls between two points, and never under 30 s. */
export function rateWindow(step: number): string {
  return `${Math.max(30, step * 4)}s`;
}

export const alignDown = (time: number, step: number): number => Math.floor(time / step) * step;
