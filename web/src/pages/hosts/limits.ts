import type { Tone } from "../../parts/StateWord";

/** From where on a share in percent is called high or critical; critical is the built-in alert's threshold. */
export interface Limit {
  high: number;
  critical: number;
}

export const LIMITS = {
  cpu: { high: 75, critical: 90 },
  memory: { high: 75, critical: 85 },
  disk: { high: 80, critical: 90 },
} as const satisfies Record<string, Limit>;

export interface Verdict {
  tone: Tone;
  word: string;
}

export function judge(percent: number | null, limit: Limit): Verdict {
  if (percent === null) return { tone: "neutral", word: "No data" };
  if (percent > limit.critical) return { tone: "critical", word: "Critical" };
  if (percent > limit.high) return { tone: "warning", word: "High" };
  return { tone: "good", word: "Normal" };
}

/** A host that has not reported for this long, six reports, is called silent. */
export const SILENT_AFTER = 30;
