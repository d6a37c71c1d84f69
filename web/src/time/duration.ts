const UNITS: ReadonlyArray<readonly [string, number]> = [
  ["d", 86400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

const WORDS: Record<string, string> = { d: "day", h: "hour", m: "minute", s: "second" };

/** What is read beside, as in PromQL, and written in days. */
const LONGER: typeof UNITS = [["y", 365 * 86400], ["w", 7 * 86400]];

/** "15m", "1h30m", "2d" or "1w" in seconds; null when it is not a duration. */
export function parseDuration(text: string): number | null {
  if (!/^(\d+[ywdhms])+$/.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)([ywdhms])/g)) {
    seconds += Number(amount) * ([...LONGER, ...UNITS].find(([name]) => name === unit)?.[1] ?? 0);
  }
  return seconds > 0 ? seconds : null;
}

export function printDuration(seconds: number): string {
  let rest = Math.round(seconds);
  let text = "";
  for (const [unit, size] of UNITS) {
    const amount = Math.floor(rest / size);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * size;
  }
  return text || "0s";
}

/** "15 minutes", "1 hour 30 minutes". */
export function sayDuration(seconds: number): string {
  const parts = [...printDuration(seconds).matchAll(/(\d+)([dhms])/g)];
  return parts.map(([, amount, unit]) => `${amount} ${WORDS[unit as string]}${amount === "1" ? "" : "s"}`).join(" ");
}

/** The largest part and the one below it: "3 d 4 h", "12 min", and "3 h" rather than "3 h 7 s". */
export function shortDuration(seconds: number): string {
  const finest = seconds >= 86400 ? 3600 : seconds >= 3600 ? 60 : 1;
  const whole = Math.floor(Math.round(Math.max(0, seconds)) / finest) * finest;
  const parts = [...printDuration(whole).matchAll(/(\d+)([dhms])/g)];
  return parts.map(([, amount, unit]) => `${amount} ${unit === "m" ? "min" : unit}`).join(" ");
}
