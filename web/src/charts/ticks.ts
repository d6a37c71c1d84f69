import type { Unit } from "./units";

export interface ValueAxis {
  min: number;
  max: number;
  ticks: number[];
}

const MOST_TICKS = 5;

/** Limits and at most five ticks around the values; zero is always on the axis. */
export function valueAxis(low: number, high: number, unit: Unit): ValueAxis {
  const min = Math.min(0, finite(low));
  const max = Math.max(0, finite(high));
  if (min === 0 && max === 0) return { min: 0, max: 1, ticks: [0, 1] };
  const binary = unit === "bytes" || unit === "bytesPerSecond";
  for (const step of steps((max - min) / MOST_TICKS, binary)) {
    const first = Math.floor(min / step + 1e-9);
    const last = Math.ceil(max / step - 1e-9);
    if (last - first + 1 > MOST_TICKS) continue;
    const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
    return { min: first * step, max: last * step, ticks };
  }
  return { min, max, ticks: [min, max] };
}

/** An upper limit that is given (100 %, all memory): the axis ends there, ticks stay round. */
export function fixedAxis(max: number, unit: Unit): ValueAxis {
  if (unit === "percent") return { min: 0, max, ticks: [0, 0.25, 0.5, 0.75, 1].map((part) => part * max) };
  return { min: 0, max, ticks: valueAxis(0, max, unit).ticks.filter((tick) => tick <= max) };
}

/** Round positive numbers around positive values, by their logarithms: powers of two for bytes, of ten for all else. */
export function logarithmicAxis(low: number, high: number, unit: Unit): ValueAxis {
  const base = unit === "bytes" || unit === "bytesPerSecond" ? 2 : 10;
  const power = (value: number): number => Math.log(value > 0 ? value : 1) / Math.log(base);
  const first = Math.floor(power(low) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(power(high) - 1e-9));
  const every = Math.ceil((last - first) / (MOST_TICKS - 1));
  const ticks = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => base ** (first + i * every));
  // Within one power of ten there is room for the steps between.
  const between = base === 10 && last === first + 1 ? [1, 2, 5, 10].map((part) => part * 10 ** first) : ticks;
  return { min: base ** first, max: base ** last, ticks: between };
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);

/** 1, 2, 5, 10, … from a size upward; for bytes the same by powers of 1024. */
function* steps(from: number, binary: boolean): Generator<number> {
  const base = binary ? 1024 : 10;
  const parts = binary ? [1, 2, 5, 10, 20, 50, 100, 200, 256, 512] : [1, 2, 5];
  let power = Math.floor(Math.log(from) / Math.log(base));
  if (binary) power = Math.max(0, power);
  for (let turn = 0; turn < 3; turn += 1, power += 1) {
    for (const part of parts) {
      const step = part * base ** power;
      if (step >= from * 0.999) yield step;
    }
  }
}

const CLOCK_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 345600, 604800, 1209600,
  2592000,
];

/** At most five round moments of the reader's clock inside a window. */
export function timeTicks(from: number, to: number, most = MOST_TICKS): number[] {
  const zone = new Date(from * 1000).getTimezoneOffset() * 60;
  for (const step of CLOCK_STEPS) {
    const first = Math.ceil((from - zone) / step) * step + zone;
    const count = Math.floor((to - first) / step) + 1;
    if (count <= most) return Array.from({ length: Math.max(0, count) }, (_, i) => first + i * step);
  }
  return [from];
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const pad = (n: number): string => String(n).padStart(2, "0");

/** "14:30", with seconds when ticks are closer than a minute; midnight and day steps show the date. */
export function formatTimeTicks(ticks: readonly number[]): string[] {
  const step = ticks.length > 1 ? (ticks[1] as number) - (ticks[0] as number) : 60;
  return ticks.map((tick) => {
    const d = new Date(tick * 1000);
    const midnight = d.getHours() === 0 && d.getMinutes() === 0 && d.getSeconds() === 0;
    if (midnight && step >= 3600) return `${MONTHS[d.getMonth()]} ${d.getDate()}`;
    const minutes = `${pad(d.getHours())}:${pad(d.getMinutes())}`;
    return step < 60 ? `${minutes}:${pad(d.getSeconds())}` : minutes;
  });
}
