import type { Target } from "../../api/responses";
import type { Tone } from "../../parts/StateWord";

export interface Job {
  name: string;
  targets: Target[];
  up: number;
}

/** Not up first: that is what one comes for. */
const WEIGHT: Record<Target["health"], number> = { down: 0, unknown: 1, up: 2 };

/** Targets by job; jobs with trouble first, and within a job the targets with trouble. */
export function jobsOf(targets: readonly Target[]): Job[] {
  const jobs = new Map<string, Target[]>();
  for (const target of targets) jobs.set(target.scrapePool, [...(jobs.get(target.scrapePool) ?? []), target]);
  const found = [...jobs].map(([name, own]) => ({
    name,
    targets: own.sort((a, b) => WEIGHT[a.health] - WEIGHT[b.health] || instanceOf(a).localeCompare(instanceOf(b), undefined, { numeric: true })),
    up: own.filter((target) => target.health === "up").length,
  }));
  return found.sort((a, b) => Number(a.up === a.targets.length) - Number(b.up === b.targets.length) || a.name.localeCompare(b.name));
}

/** As bad as its worst target; one that was not scraped yet is no trouble. */
export function toneOf(job: Job): Tone {
  if (job.targets.some((target) => target.health === "down")) return "critical";
  return job.up === job.targets.length ? "good" : "neutral";
}

export const instanceOf = (target: Target): string => target.labels.instance ?? target.scrapeUrl;

export type Wanted = "all" | "down" | "up";

/** Those of a state whose address, labels or last error hold all words. */
export function matching(targets: readonly Target[], wanted: Wanted, text: string): Target[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return targets.filter((target) => {
    if (wanted === "up" ? target.health !== "up" : wanted === "down" ? target.health === "up" : false) return false;
    const all = `${target.scrapePool} ${target.scrapeUrl} ${target.lastError} ${Object.entries(target.labels).map(([name, value]) => `${name}=${value}`).join(" ")}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
