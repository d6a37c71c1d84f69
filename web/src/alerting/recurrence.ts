import type { Interval } from "../api/alerting";

/** A window of a form: days of the week, Sunday first, and one stretch of the day. Texts are as in Alertmanager, apart by commas. */
export interface TimeWindow {
  weekdays: boolean[];
  from: string;
  to: string;
  daysOfMonth: string;
  months: string;
  years: string;
  location: string;
}

const KEYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
export const WEEKDAYS = KEYS.map((one) => one.charAt(0).toUpperCase() + one.slice(1));
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const CLOCK = /^([01]\d|2[0-4]):([0-5]\d)$/;

/** A window that one may begin with: Sunday nights in the reader's zone. */
export const newWindow = (location: string): TimeWindow => ({ weekdays: KEYS.map((one) => one === "sunday"), from: "02:00", to: "04:00", daysOfMonth: "", months: "", years: "", location });

/** What is wrong with a window; null when it can be saved, as far as a browser knows. */
export function problemOf({ weekdays, from, to, daysOfMonth, months, years }: TimeWindow): string | null {
  const start = minutes(from);
  const end = minutes(to);
  if (start === null || end === null || start === 1440) return "Write times as 02:00";
  if (!weekdays.some(Boolean)) return "Choose a day";
  if (start === end) return "It would last no time";
  if (end < start && (daysOfMonth || months || years)) return "With days of the month, months or years it cannot pass midnight: make two";
  return null;
}

/** Intervals as the API takes them; what passes midnight is two, the second a day later. */
export function intervalsOf(windows: readonly TimeWindow[]): Interval[] {
  return windows.flatMap((window) => {
    const { from, to } = window;
    if ((minutes(to) ?? 0) > (minutes(from) ?? 0)) return [intervalOf(window, from, to)];
    const next = { ...window, weekdays: window.weekdays.map((_, day) => window.weekdays[(day + 6) % 7] ?? false) };
    return minutes(to) === 0 ? [intervalOf(window, from, "24:00")] : [intervalOf(window, from, "24:00"), intervalOf(next, "00:00", to)];
  });
}

function intervalOf({ weekdays, daysOfMonth, months, years, location }: TimeWindow, start: string, end: string): Interval {
  return {
    ...(start === "00:00" && end === "24:00" ? {} : { times: [{ start_time: start, end_time: end }] }),
    ...(weekdays.every(Boolean) ? {} : { weekdays: KEYS.filter((_, day) => weekdays[day]) }),
    ...listed("days_of_month", daysOfMonth),
    ...listed("months", months),
    ...listed("years", years),
    ...(location ? { location } : {}),
  };
}

function listed(name: string, text: string): Record<string, string[]> {
  const parts = text.split(",").map((one) => one.trim()).filter(Boolean);
  return parts.length > 0 ? { [name]: parts } : {};
}

/** The windows of intervals: one with several stretches of the day is several. */
export function windowsOf(intervals: readonly Interval[]): TimeWindow[] {
  return intervals.flatMap(({ times, weekdays, days_of_month, months, years, location }) =>
    (times ?? [{ start_time: "00:00", end_time: "24:00" }]).map(({ start_time, end_time }) => ({
      weekdays: daysOf(weekdays),
      from: start_time,
      to: end_time,
      daysOfMonth: days_of_month?.join(", ") ?? "",
      months: months?.join(", ") ?? "",
      years: years?.join(", ") ?? "",
      location: location ?? "",
    })),
  );
}

function daysOf(weekdays: readonly string[] | undefined): boolean[] {
  const days = KEYS.map(() => weekdays === undefined);
  for (const one of weekdays ?? []) {
    const [first = "", last = first] = one.toLowerCase().split(":");
    for (let day = KEYS.indexOf(first); day >= 0 && day <= KEYS.indexOf(last); day += 1) days[day] = true;
  }
  return days;
}

function minutes(text: string): number | null {
  const found = CLOCK.exec(text);
  if (!found) return null;
  const total = Number(found[1]) * 60 + Number(found[2]);
  return total <= 1440 ? total : null;
}

/** "Every Sunday from 02:00 to 04:00 (Europe/Berlin)", several joined by "and". */
export const sayRecurrence = (intervals: readonly Interval[]): string => intervals.map((one, at) => (at === 0 ? sayInterval(one) : sayInterval(one).replace(/^Every/, "every"))).join(", and ");

function sayInterval({ times, weekdays, days_of_month, months, years, location }: Interval): string {
  const parts = [
    sayDays(daysOf(weekdays)),
    days_of_month ? `on ${days_of_month.map(sayDayOfMonth).join(", ")} of the month` : "",
    months ? `in ${months.map(sayMonths).join(", ")}` : "",
    years ? `in ${years.map((one) => one.replace(":", " to ")).join(", ")}` : "",
    times ? `from ${joined(times.map(({ start_time, end_time }) => `${start_time} to ${end_time}`))}` : "all day",
  ];
  return `${parts.filter(Boolean).join(" ")} (${location || "UTC"})`;
}

function sayDays(days: readonly boolean[]): string {
  if (days.every(Boolean)) return "Every day";
  // Weeks are read from Monday on.
  const chosen = [1, 2, 3, 4, 5, 6, 0].filter((day) => days[day]);
  const runs: number[][] = [];
  for (const day of chosen) {
    const last = runs.at(-1);
    if (last && (last.at(-1) ?? 0) % 7 === day - 1) last.push(day);
    else if (last && last.at(-1) === 6 && day === 0) last.push(day);
    else runs.push([day]);
  }
  const words = runs.flatMap((run) => (run.length > 2 ? [`${WEEKDAYS[run[0] ?? 0]} to ${WEEKDAYS[run.at(-1) ?? 0]}`] : run.map((day) => WEEKDAYS[day] ?? "")));
  return `Every ${joined(words)}`;
}

function sayDayOfMonth(text: string): string {
  const word = (one: string): string => (one === "-1" ? "the last day" : one.startsWith("-") ? `day ${one.slice(1)} from the end` : `day ${one}`);
  return text.split(":").map(word).join(" to ");
}

const sayMonths = (text: string): string => text.split(":").map((one) => MONTHS[Number(one) - 1] ?? one.charAt(0).toUpperCase() + one.slice(1)).join(" to ");

const joined = (words: readonly string[]): string => (words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
