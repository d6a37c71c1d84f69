import { createStore } from "../../live/store";

/** What was asked before, in this browser alone: the latest first, and what the reader chose to keep. */
export interface QueryHistory {
  recent: Asked[];
  starred: string[];
}

export interface Asked {
  expr: string;
  /** Unix seconds. */
  at: number;
}

export const MOST_RECENT = 50;
export const MOST_STARRED = 100;
const KEY = "sightline.explore.history";

export function remember(history: QueryHistory, exprs: readonly string[], at: number): QueryHistory {
  const fresh = [...new Set(exprs)].filter((expr) => expr !== "");
  const recent = [...fresh.map((expr) => ({ expr, at })), ...history.recent.filter((old) => !fresh.includes(old.expr))];
  return { ...history, recent: recent.slice(0, MOST_RECENT) };
}

export function toggleStar(history: QueryHistory, expr: string): QueryHistory {
  const starred = history.starred.includes(expr) ? history.starred.filter((one) => one !== expr) : [expr, ...history.starred].slice(0, MOST_STARRED);
  return { ...history, starred };
}

/** Reads what was kept; text that is no history (another version's, or damaged) is none. */
export function readHistory(text: string | null): QueryHistory {
  try {
    const { recent, starred } = JSON.parse(text ?? "{}") as Partial<Record<keyof QueryHistory, unknown>>;
    return {
      recent: (Array.isArray(recent) ? recent : []).filter(isAsked).slice(0, MOST_RECENT),
      starred: (Array.isArray(starred) ? starred : []).filter((one) => typeof one === "string").slice(0, MOST_STARRED),
    };
  } catch {
    return { recent: [], starred: [] };
  }
}

function isAsked(one: unknown): one is Asked {
  const { expr, at } = (one ?? {}) as Partial<Asked>;
  return typeof expr === "string" && typeof at === "number";
}

export const queryHistory = createStore<QueryHistory>({ recent: [], starred: [] });

/** Reads the browser's storage again, for another tab may have written to it. */
export function loadHistory(): void {
  queryHistory.set(readHistory(localStorage.getItem(KEY)));
}

export function changeHistory(change: (history: QueryHistory) => QueryHistory): void {
  const next = change(readHistory(localStorage.getItem(KEY)));
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Storage may be full or forbidden; then the history lasts as long as the page.
  }
  queryHistory.set(next);
}
