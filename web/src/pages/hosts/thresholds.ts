import type { Threshold } from "../../charts/marks";
import { sayPercent, type Limit } from "./limits";

/** A rule's limit as a line across a chart, where one percent is so many of the chart's units; none without a limit. */
export function thresholdsAt(limit: Limit | null, perPercent: number): Threshold[] {
  if (!limit) return [];
  return [{ value: limit.above * perPercent, label: `Alert above ${sayPercent(limit.above)}`, tone: limit.tone === "critical" || limit.tone === "warning" ? limit.tone : "neutral" }];
}
