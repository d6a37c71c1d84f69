import { STATES, type CheckState, type ListedCheck } from "./check";

export interface Wanted {
  state: CheckState | null;
  group: string | null;
  /** As `name:value`. */
  tag: string | null;
  text: string;
}

/** What a list shows: a heading over the checks of a group, or one of them. */
export type Line = { kind: "group"; name: string; count: number; worst: CheckState; ailing: number } | { kind: "check"; check: ListedCheck };

export const UNGROUPED = "";

/** Those whose name, address, type, group and tags have all the words. */
export function matching(checks: readonly ListedCheck[], { state, group, tag, text }: Wanted): ListedCheck[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return checks.filter(
    (check) =>
      (state === null || check.status.state === state) &&
      (group === null || check.group === group) &&
      (tag === null || tagsOf(check).includes(tag)) &&
      (words.length === 0 || has(check, words)),
  );
}

function has(check: ListedCheck, words: readonly string[]): boolean {
  const whole = `${check.name} ${check.url} ${check.type} ${check.group} ${tagsOf(check).join(" ")}`.toLowerCase();
  return words.every((word) => whole.includes(word));
}

export const tagsOf = (check: Pick<ListedCheck, "tags">): string[] => Object.entries(check.tags).map(([name, value]) => `${name}:${value}`);

const RANK = new Map(STATES.map((state, rank) => [state, rank]));
export const rankOf = (state: CheckState): number => RANK.get(state) ?? STATES.length;
/** What somebody may have to do something about. */
const isAiling = (check: ListedCheck): boolean => rankOf(check.status.state) < rankOf("unknown");

/** Groups by their names, within each what is worst first; those of no group stand at the end. */
export function linesOf(checks: readonly ListedCheck[]): Line[] {
  const groups = new Map<string, ListedCheck[]>();
  for (const check of checks) {
    const its = groups.get(check.group);
    if (its) its.push(check);
    else groups.set(check.group, [check]);
  }
  const names = [...groups.keys()].sort((a, b) => Number(a === UNGROUPED) - Number(b === UNGROUPED) || compare(a, b));
  const lines: Line[] = [];
  for (const name of names) {
    const its = worstFirst(groups.get(name) as ListedCheck[]);
    if (names.length > 1 || name !== UNGROUPED) lines.push({ kind: "group", name, count: its.length, worst: (its[0] as ListedCheck).status.state, ailing: its.filter(isAiling).length });
    for (const check of its) lines.push({ kind: "check", check });
  }
  return lines;
}

/** The worst states first, by their names within one. */
export const worstFirst = (checks: readonly ListedCheck[]): ListedCheck[] => [...checks].sort((a, b) => rankOf(a.status.state) - rankOf(b.status.state) || compare(a.name, b.name));

/** A collator is many times as quick as localeCompare where there are thousands of names. */
const { compare } = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** How many checks stand in each state, the worst first, without zeros. */
export function countsOf(checks: readonly ListedCheck[]): Array<readonly [CheckState, number]> {
  const counts = new Map<CheckState, number>();
  for (const check of checks) counts.set(check.status.state, (counts.get(check.status.state) ?? 0) + 1);
  return STATES.filter((state) => counts.has(state)).map((state) => [state, counts.get(state) as number] as const);
}

export const groupsOf = (checks: readonly ListedCheck[]): string[] => [...new Set(checks.map((check) => check.group))].sort((a, b) => Number(a === UNGROUPED) - Number(b === UNGROUPED) || compare(a, b));

/** All tags that checks have; values that each stand for one check alone would make a list as long as that of checks. */
export function allTagsOf(checks: readonly ListedCheck[], most = 200): string[] {
  return [...new Set(checks.flatMap(tagsOf))].sort(compare).slice(0, most);
}

/** The blocks of so many lines that a stretch of the list touches: strips are asked for by blocks, lest every pixel asks anew. */
export function blocksOf(first: number, last: number, size: number): number[] {
  const from = Math.floor(Math.max(0, first) / size);
  const to = Math.floor((last - 1) / size);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}
