/** What a chart's or a table's numbers count. */
export type Unit = "bytes" | "bytesPerSecond" | "percent" | "ratio" | "seconds" | "count" | "perSecond";

/** All units, each with the words a person picks it by. */
export const UNITS: ReadonlyArray<readonly [Unit, string]> = [
  ["count", "Plain number"],
  ["perSecond", "Per second"],
  ["bytes", "Bytes"],
  ["bytesPerSecond", "Bytes per second"],
  ["seconds", "Seconds"],
  ["percent", "Percent (0–100)"],
  ["ratio", "Ratio (0–1 as %)"],
];

const BYTE_NAMES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const COUNT_NAMES = ["", "k", "M", "G", "T"];
const TIME_SCALES: ReadonlyArray<readonly [number, string]> = [
  [1e-6, "µs"],
  [1e-3, "ms"],
  [1, "s"],
  [60, "min"],
  [3600, "h"],
  [86400, "d"],
];

interface Scale {
  divisor: number;
  name: string;
}

/** The scale in which the largest of the values reads well, so that one axis or row keeps one unit. */
export function scaleOf(unit: Unit, largest: number): Scale {
  const size = Math.abs(largest);
  switch (unit) {
    case "bytes":
    case "bytesPerSecond":
      return powerScale(size, 1024, BYTE_NAMES, unit === "bytes" ? "" : "/s");
    case "percent":
      return { divisor: 1, name: "%" };
    case "ratio":
      return { divisor: 0.01, name: "%" };
    case "seconds": {
      const fit = TIME_SCALES.findLast(([divisor]) => size >= divisor) ?? (size === 0 ? ([1, "s"] as const) : TIME_SCALES[0]);
      return { divisor: fit?.[0] ?? 1, name: fit?.[1] ?? "s" };
    }
    case "count":
      return powerScale(size, 1000, COUNT_NAMES, "");
    case "perSecond":
      return powerScale(size, 1000, COUNT_NAMES, "/s");
  }
}

function powerScale(size: number, step: number, names: string[], suffix: string): Scale {
  let power = 0;
  // 999.5 would print as "1000": step up before that, with bytes too ("0.98 MiB", not "1001 KiB").
  while (power < names.length - 1 && size / step ** power >= 999.5) power += 1;
  return { divisor: step ** power, name: `${names[power]}${suffix}` };
}

/** Three significant digits at most, never an exponent. */
function digits(value: number): string {
  const size = Math.abs(value);
  return fixed(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2);
}

/** toFixed without the minus that a rounded-away -0.01 leaves. */
const fixed = (value: number, places: number): string => (Number(value.toFixed(places)) || 0).toFixed(places);

/** "1.25 MiB/s", "42.0 %", "3.20"; a dash where there is no value. */
export function format(unit: Unit, value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const { divisor, name } = scaleOf(unit, value);
  const whole = divisor === 1 && (unit === "bytes" || unit === "bytesPerSecond");
  const number = unit === "percent" || unit === "ratio" ? percentDigits(value / divisor) : whole ? value.toFixed(0) : digits(value / divisor);
  return name ? `${number} ${name}` : number;
}

function percentDigits(value: number): string {
  return fixed(value, Math.abs(value) >= 99.95 ? 0 : 1);
}

/** Ticks of one axis in one unit and with the fewest decimals that tell them apart. */
export function formatTicks(unit: Unit, ticks: readonly number[]): string[] {
  const largest = Math.max(0, ...ticks.map(Math.abs));
  const { divisor, name } = scaleOf(unit, largest);
  const scaled = ticks.map((tick) => Math.abs(tick) / divisor);
  const places = [0, 1, 2, 3].find((n) => scaled.every((v) => Math.abs(v - Number(v.toFixed(n))) < 1e-6)) ?? 3;
  return scaled.map((v) => (v === 0 ? "0" : `${v.toFixed(places)}${name ? ` ${name}` : ""}`));
}
