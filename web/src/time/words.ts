import { shortDuration } from "./duration";

const pad = (n: number): string => String(n).padStart(2, "0");

/** "2026-11-21 14:03:05" in the reader's time zone. */
export function absoluteTime(time: number): string {
  const d = new Date(time * 1000);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clockTime(time)}`;
}

/** "14:03:05". */
export function clockTime(time: number): string {
  const d = new Date(time * 1000);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

/** "2 s ago", "3 min 10 s ago". */
export function relativeTime(time: number, now: number): string {
  const age = now - time;
  if (age < 0.5) return "just now";
  return `${shortDuration(Math.max(1, age))} ago`;
}

/** "for 3 min 10 s". */
export const lasting = (since: number, now: number): string => `for ${shortDuration(Math.max(1, now - since))}`;

/** Reads "2026-11-21 14:03", with or without seconds or a T; null when it is no time. */
export function parseAbsolute(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text.trim());
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number, number, number, number, number, number,
  ];
  const date = new Date(year, month - 1, day, hour, minute, second);
  const survives = date.getMonth() === month - 1 && date.getDate() === day && hour < 24 && minute < 60 && second < 60;
  return survives ? date.getTime() / 1000 : null;
}
