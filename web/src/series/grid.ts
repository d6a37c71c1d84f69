import type { Labels, MatrixResult } from "../api/responses";
import { alignDown } from "../time/step";
import type { Window } from "../time/range";

/** Series on one regular time grid: what a range query gives, kept so that a chart can draw it at once. */
export interface Grid {
  start: number;
  step: number;
  times: number[];
  series: GridSeries[];
  /** How the latest answer came, where a page tells of it. */
  answer?: AnswerNotes;
}

export interface AnswerNotes {
  warnings: string[];
  infos: string[];
  /** Seconds from question to answer. */
  took: number;
  /** Whether there are native histograms in it, which no line can be drawn of. */
  histograms?: boolean;
}

export interface GridSeries {
  key: string;
  labels: Labels;
  values: Array<number | null>;
}

/** The latest points may still change while samples arrive, so a tail starts this many points early. */
const OVERLAP = 2;

export const seriesKey = (labels: Labels): string =>
  Object.keys(labels).sort().map((name) => `${name}=${labels[name]}`).join("\u0001");

/** The grid's first and last point for a window; one point before it lets the line enter from the edge. */
export function gridBounds(window: Window, step: number): Window {
  return { from: alignDown(window.from, step), to: alignDown(window.to, step) };
}

/** From which moment to ask: the tail's start where the kept grid covers the window's beginning, else all. */
export function missingFrom(kept: Grid | undefined, bounds: Window, step: number): number {
  if (!kept || kept.step !== step || kept.times.length === 0) return bounds.from;
  const end = kept.start + (kept.times.length - 1) * step;
  if (kept.start > bounds.from || end < bounds.from) return bounds.from;
  return Math.max(bounds.from, Math.min(end - (OVERLAP - 1) * step, bounds.to));
}

/** Lays a fresh answer from `asked` on over the kept grid and cuts the result to the bounds. */
export function mergeTail(kept: Grid | undefined, answer: MatrixResult, asked: number, bounds: Window, step: number): Grid {
  const length = Math.max(0, Math.round((bounds.to - bounds.from) / step) + 1);
  const times = Array.from({ length }, (_, i) => bounds.from + i * step);
  const merged = new Map<string, GridSeries>();
  if (kept && kept.step === step && asked > bounds.from) {
    const shift = Math.round((kept.start - bounds.from) / step);
    const keepBefore = Math.round((asked - bounds.from) / step);
    for (const old of kept.series) {
      const values = new Array<number | null>(length).fill(null);
      let any = false;
      for (let i = Math.max(0, shift); i < Math.min(keepBefore, shift + old.values.length, length); i += 1) {
        const value = old.values[i - shift] ?? null;
        values[i] = value;
        any ||= value !== null;
      }
      if (any) merged.set(old.key, { key: old.key, labels: old.labels, values });
    }
  }
  for (const { metric, values: samples } of answer.result) {
    const key = seriesKey(metric);
    const target = merged.get(key) ?? { key, labels: metric, values: new Array<number | null>(length).fill(null) };
    merged.set(key, target);
    for (const [time, text] of samples) {
      const index = Math.round((time - bounds.from) / step);
      if (index >= 0 && index < length) target.values[index] = readNumber(text);
    }
  }
  return { start: bounds.from, step, times, series: [...merged.values()] };
}

function readNumber(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** A series' newest value, looking back over at most so many points. */
export function latest(values: ReadonlyArray<number | null>, patience = 6): number | null {
  for (let i = values.length - 1; i >= Math.max(0, values.length - 1 - patience); i -= 1) {
    const value = values[i];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
