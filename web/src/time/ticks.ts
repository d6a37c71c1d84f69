import type { Window } from "./range";
import { absoluteTime, clockTime } from "./words";

export interface Tick {
  time: number;
  text: string;
}

const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
const MOST = 5;

/** At most five round moments of a window, in the reader's time zone. */
export function timeTicks(window: Window): Tick[] {
  const length = window.to - window.from;
  const step = STEPS.find((one) => length / one <= MOST) ?? Math.ceil(length / MOST / 604800) * 604800;
  const zone = new Date(window.from * 1000).getTimezoneOffset() * 60;
  const first = Math.ceil((window.from - zone) / step) * step + zone;
  const ticks: Tick[] = [];
  for (let time = first; time < window.to; time += step) ticks.push({ time, text: step < 86400 ? clockTime(time).slice(0, 5) : absoluteTime(time).slice(5, 10) });
  return ticks;
}
