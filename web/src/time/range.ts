import { parseDuration, printDuration, sayDuration, shortDuration } from "./duration";
import { absoluteTime, clockTime } from "./words";

/** What the address bar says about time: the last so many seconds, or from one moment to another. */
export type TimeRange =
  | { kind: "last"; seconds: number; live: boolean }
  | { kind: "between"; from: number; to: number };

/** The concrete window a range means at a moment. */
export interface Window {
  from: number;
  to: number;
}

export const DEFAULT_RANGE: TimeRange = { kind: "last", seconds: 900, live: true };
export const PRESETS = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "14d", "30d"];

const SHORTEST = 10;

/** Reads `range=15m`, `live=0`, or `from=…&to=…` (Unix seconds); anything unreadable means the default. */
export function readRange(search: URLSearchParams): TimeRange {
  const from = readTime(search.get("from"));
  const to = readTime(search.get("to"));
  if (from !== null && to !== null && to - from >= SHORTEST) return { kind: "between", from, to };
  const seconds = parseDuration(search.get("range") ?? "") ?? 900;
  return { kind: "last", seconds: Math.max(SHORTEST, seconds), live: search.get("live") !== "0" };
}

function readTime(text: string | null): number | null {
  if (text === null || text.trim() === "") return null;
  const time = Number(text);
  return Number.isFinite(time) && time >= 0 ? time : null;
}

/** Writes a range over the time part of an address, leaving the rest; the default leaves nothing to read. */
export function writeRange(search: URLSearchParams, range: TimeRange): URLSearchParams {
  const out = new URLSearchParams(search);
  for (const name of ["range", "from", "to", "live"]) out.delete(name);
  if (range.kind === "between") {
    out.set("from", String(Math.round(range.from)));
    out.set("to", String(Math.round(range.to)));
    return out;
  }
  if (range.seconds !== 900) out.set("range", printDuration(range.seconds));
  if (!range.live) out.set("live", "0");
  return out;
}

export function windowOf(range: TimeRange, now: number): Window {
  return range.kind === "between" ? { from: range.from, to: range.to } : { from: now - range.seconds, to: now };
}

export const lengthOf = (range: TimeRange): number =>
  range.kind === "between" ? range.to - range.from : range.seconds;

/** A dragged stretch as a range, widened when it is too short to hold points. */
export function zoomTo(from: number, to: number): TimeRange {
  const missing = Math.max(0, 30 - (to - from)) / 2;
  return { kind: "between", from: Math.floor(from - missing), to: Math.ceil(to + missing) };
}

/** "Last 15 minutes" or "2026-11-21 14:00:00 – 14:30:00". */
export function sayRange(range: TimeRange): string {
  if (range.kind === "last") return `Last ${sayDuration(range.seconds).replace(/^1 /, "")}`;
  const from = absoluteTime(range.from);
  const sameDay = from.slice(0, 10) === absoluteTime(range.to).slice(0, 10);
  return `${from} – ${sameDay ? clockTime(range.to) : absoluteTime(range.to)}`;
}

/** The same in a few letters, for phones: "15 min" or "14:00 – 14:30". */
export function shortRange(range: TimeRange): string {
  if (range.kind === "last") return shortDuration(range.seconds);
  return `${clockTime(range.from).slice(0, 5)} – ${clockTime(range.to).slice(0, 5)}`;
}

export function sameRange(a: TimeRange, b: TimeRange): boolean {
  return writeRange(new URLSearchParams(), a).toString() === writeRange(new URLSearchParams(), b).toString();
}
