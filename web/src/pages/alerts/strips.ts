import type { Labels } from "../../api/responses";
import { seriesKey, type Grid } from "../../series/grid";

export interface Stretch {
  state: "pending" | "firing";
  /** Seconds; a stretch that still goes on ends with the window. */
  from: number;
  to: number;
}

/** One alert and when it was in which state. */
export interface Strip {
  key: string;
  labels: Labels;
  stretches: Stretch[];
}

/** The strips of all alerts that ALERTS knows of in a window, those that lasted until the latest first. */
export function stripsOf(grid: Grid): Strip[] {
  const strips = new Map<string, Strip>();
  const end = grid.start + (grid.times.length - 1) * grid.step;
  for (const series of grid.series) {
    const { alertstate, __name__: _, ...labels } = series.labels;
    if (alertstate !== "pending" && alertstate !== "firing") continue;
    const key = seriesKey(labels);
    const strip = strips.get(key) ?? { key, labels, stretches: [] };
    strips.set(key, strip);
    for (const [from, to] of runs(series.values)) {
      strip.stretches.push({ state: alertstate, from: grid.start + from * grid.step, to: Math.min(end, grid.start + (to + 1) * grid.step) });
    }
  }
  for (const strip of strips.values()) strip.stretches.sort((a, b) => a.from - b.from);
  const last = (strip: Strip): number => Math.max(...strip.stretches.map((one) => one.to));
  return [...strips.values()].filter((strip) => strip.stretches.length > 0).sort((a, b) => last(b) - last(a) || nameOf(a).localeCompare(nameOf(b)));
}

/** First and last index of every run of values. */
function* runs(values: ReadonlyArray<number | null>): Generator<[number, number]> {
  let from = -1;
  for (let at = 0; at <= values.length; at += 1) {
    const there = at < values.length && values[at] !== null;
    if (there && from < 0) from = at;
    if (!there && from >= 0) {
      yield [from, at - 1];
      from = -1;
    }
  }
}

/** Told apart by its rule and by what it is about; what the rule adds to all says nothing. */
export function nameOf(strip: Strip): string {
  const { alertname = "", severity: _, job: __, ...others } = strip.labels;
  const about = others.name ?? others.instance ?? Object.values(others)[0];
  return about ? `${alertname} ${about}` : alertname;
}
