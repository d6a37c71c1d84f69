import type { Lane, Look } from "../../parts/Lanes";
import { shortDuration } from "../../time/duration";
import type { Window } from "../../time/range";
import { absoluteTime, clockTime } from "../../time/words";
import { endOf, KIND_WORDS, startOf, type Incident, type IncidentKind } from "../../uptime/incident";

export const LOOKS: Record<IncidentKind, Look> = { down: "critical", degraded: "warning", manual: "warning", unreachable: "neutral" };

/** A lane for each check, and for each incident of none; those that lasted until the latest first. */
export function lanesOf(incidents: readonly Incident[], window: Window, names: ReadonlyMap<number, string>): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const one of incidents) {
    const key = one.check === null ? `incident ${one.id}` : `check ${one.check}`;
    const name = one.check === null ? one.title : (names.get(one.check) ?? one.title);
    const lane = lanes.get(key) ?? { key, name, stretches: [] };
    lanes.set(key, lane);
    const from = startOf(one);
    const to = endOf(one) ?? window.to;
    lane.stretches.push({ look: LOOKS[one.kind], from: Math.max(window.from, from), to: Math.min(window.to, to), said: `${KIND_WORDS[one.kind]} ${sayTimes(from, endOf(one), window.to)}` });
  }
  for (const { stretches } of lanes.values()) stretches.sort((a, b) => a.from - b.from);
  const last = (lane: Lane): number => lane.stretches.at(-1)?.to ?? 0;
  return [...lanes.values()].sort((a, b) => last(b) - last(a) || a.name.localeCompare(b.name));
}

function sayTimes(from: number, end: number | null, now: number): string {
  if (end === null) return `since ${absoluteTime(from)}, ${shortDuration(Math.max(1, now - from))} so far`;
  return `from ${absoluteTime(from)} to ${clockTime(end)}, ${shortDuration(Math.max(1, end - from))}`;
}
