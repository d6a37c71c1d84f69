import { absoluteTime } from "../time/words";

/** What happened on one day of the reader's. */
export interface Day<T> {
  date: string;
  word: string;
  entries: T[];
}

/** Entries, newest first, by the day on which they were. */
export function daysOf<T extends { at: string }>(entries: readonly T[], now = Date.now() / 1000): Array<Day<T>> {
  const days: Array<Day<T>> = [];
  const today = dateOf(now);
  const yesterday = dateOf(new Date(new Date(now * 1000).setHours(0, 0, 0, 0) - 3_600_000).getTime() / 1000);
  for (const entry of entries) {
    const date = dateOf(Date.parse(entry.at) / 1000);
    const last = days.at(-1);
    if (last?.date === date) last.entries.push(entry);
    else days.push({ date, word: date === today ? "Today" : date === yesterday ? "Yesterday" : date, entries: [entry] });
  }
  return days;
}

const dateOf = (time: number): string => absoluteTime(time).slice(0, 10);
