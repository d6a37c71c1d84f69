import type { Rule } from "../../api/responses";
import type { Tone } from "../../parts/StateWord";

export interface Verdict {
  tone: Tone;
  word: string;
}

/** A share in percent above which something is not normal, and how bad that is. */
export interface Limit extends Verdict {
  above: number;
}

/** Finer than the rule that watches disks, so these two are the page's own. The worst comes first. */
export const DISK_LIMITS: readonly Limit[] = [
  { above: 90, tone: "critical", word: "Nearly full" },
  { above: 80, tone: "warning", word: "Filling up" },
];

const TONES: Record<string, Tone> = { critical: "critical", warning: "warning" };

/** The built-in rules whose thresholds stand on the pages of hosts. */
export type Watched = "HighCpuUsage" | "HighMemoryUsage";

/**
 * What a rule calls too much; null while the rules are unknown, when the rule is gone or has become one of another
 * kind: then nothing is drawn rather than something wrong.
 */
export function limitOf(rules: readonly Rule[] | undefined, name: Watched): Limit | null {
  const rule = rules?.find((one) => one.name === name);
  const threshold = rule?.threshold;
  if (!rule || !threshold || !threshold.comparison.startsWith(">") || threshold.value < 0 || threshold.value > 100) return null;
  return { above: threshold.value, tone: TONES[rule.labels.severity ?? ""] ?? "neutral", word: `Above ${sayPercent(threshold.value)}` };
}

/** "90 %", "72.5 %". */
export const sayPercent = (value: number): string => `${value} %`;

/** Null when there is nothing to judge by. */
export function judge(percent: number | null, limits: readonly Limit[]): Verdict | null {
  if (percent === null) return { tone: "neutral", word: "No data" };
  if (limits.length === 0) return null;
  return limits.find((limit) => percent > limit.above) ?? { tone: "good", word: "Normal" };
}

/** A host that has not reported for this long, six reports, is called silent. */
export const SILENT_AFTER = 30;
