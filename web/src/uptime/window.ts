import { parseDuration, sayDuration } from "../time/duration";
import { parseAbsolute } from "../time/words";
import type { NamedCheck } from "./useCheckNames";

/** Maintenance windows as the API has them. */
export interface Scope {
  all: boolean;
  checks: string[];
  groups: string[];
  /** Each key:value, or a key alone for any value. */
  tags: string[];
}

export interface WrittenWindow {
  name: string;
  description: string;
  enabled: boolean;
  public: boolean;
  scope: Scope;
  starts_at?: string | null;
  ends_at?: string | null;
  cron?: string | null;
  rrule?: string | null;
  duration?: string | null;
  timezone: string;
}

export interface MaintenanceWindow extends WrittenWindow {
  id: string;
  version: number;
  active: boolean;
  active_until: string | null;
  next_start: string | null;
  next_end: string | null;
}

/** How a window of a form recurs: weekly is a cron expression that one need not write. */
export type Recurs = "once" | "weekly" | "cron" | "rrule";

/** A window as a form has it: times as people write them, `2026-11-21 14:00`, no start meaning now. */
export interface WindowForm {
  name: string;
  description: string;
  enabled: boolean;
  public: boolean;
  scope: Scope;
  recurs: Recurs;
  from: string;
  until: string;
  /** Sunday first. */
  days: boolean[];
  at: string;
  cron: string;
  rrule: string;
  duration: string;
  timezone: string;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const CODES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const NUMBER = /^\d{1,2}$/;

export const EVERYTHING: Scope = { all: true, checks: [], groups: [], tags: [] };

export function newWindowForm(timezone: string, from: string, until: string): WindowForm {
  return { name: "", description: "", enabled: true, public: true, scope: EVERYTHING, recurs: "once", from, until, days: DAYS.map((_, day) => day === 0), at: "02:00", cron: "0 2 * * SUN", rrule: "FREQ=MONTHLY;BYDAY=1SU", duration: "2h", timezone };
}

/** The form of a window that is there. write: how a time, in seconds, is written. */
export function formOf(window: MaintenanceWindow, write: (time: number) => string): WindowForm {
  const time = (text: string | null | undefined): string => (text ? write(Date.parse(text) / 1000) : "");
  const weekly = window.cron ? weeklyOf(window.cron) : null;
  const base = newWindowForm(window.timezone, time(window.starts_at), time(window.ends_at));
  return {
    ...base,
    name: window.name,
    description: window.description,
    enabled: window.enabled,
    public: window.public,
    scope: window.scope,
    recurs: window.rrule ? "rrule" : weekly ? "weekly" : window.cron ? "cron" : "once",
    ...(weekly ?? {}),
    cron: window.cron ?? base.cron,
    rrule: window.rrule ?? base.rrule,
    duration: window.duration ?? base.duration,
  };
}

/** What is wrong with each part, as far as a browser knows; the server knows the rest. */
export function problemsOf(form: WindowForm): Partial<Record<keyof WindowForm, string>> {
  const problems: Partial<Record<keyof WindowForm, string>> = {};
  const from = form.from.trim() === "" ? null : parseAbsolute(form.from);
  const until = form.until.trim() === "" ? null : parseAbsolute(form.until);
  if (form.name.trim() === "") problems.name = "It needs a name, for others to know it by";
  if (!form.scope.all && form.scope.checks.length + form.scope.groups.length + form.scope.tags.length === 0) problems.scope = "Name a check, a group or a tag";
  if (form.from.trim() !== "" && from === null) problems.from = "Write it as 2026-11-21 14:00";
  if (form.until.trim() !== "" && until === null) problems.until = "Write it as 2026-11-21 16:00";
  else if (from !== null && until !== null && until <= from) problems.until = "It must end after its start";
  if (form.recurs === "once") {
    if (form.until.trim() === "") problems.until = "Say when it ends";
    return problems;
  }
  if (parseDuration(form.duration.replaceAll(" ", "")) === null) problems.duration = "Write it as 2h or 90m";
  if (form.recurs === "weekly" && !form.days.some(Boolean)) problems.days = "Choose a day";
  if (form.recurs === "weekly" && !CLOCK.test(form.at.trim())) problems.at = "Write it as 02:00";
  if (form.recurs === "cron" && form.cron.trim() === "") problems.cron = "Write when it begins";
  if (form.recurs === "rrule" && form.rrule.trim() === "") problems.rrule = "Write when it begins";
  if (form.recurs === "rrule" && form.from.trim() === "") problems.from = "A rule counts from its first time";
  return problems;
}

/** What is sent. now: seconds, for a window that begins now. */
export function windowOf(form: WindowForm, now: number): WrittenWindow {
  const instant = (text: string): string | undefined => {
    const time = parseAbsolute(text);
    return time === null ? undefined : new Date(time * 1000).toISOString();
  };
  const said = { name: form.name.trim(), description: form.description.trim(), enabled: form.enabled, public: form.public, scope: form.scope.all ? EVERYTHING : form.scope };
  const starts = instant(form.from);
  const ends = instant(form.until);
  if (form.recurs === "once") return { ...said, starts_at: starts ?? new Date(now * 1000).toISOString(), ...(ends === undefined ? {} : { ends_at: ends }), timezone: "UTC" };
  return {
    ...said,
    ...(starts === undefined ? {} : { starts_at: starts }),
    ...(ends === undefined ? {} : { ends_at: ends }),
    ...(form.recurs === "rrule" ? { rrule: form.rrule.trim() } : { cron: form.recurs === "weekly" ? weeklyCron(form.days, form.at) : form.cron.trim() }),
    duration: form.duration.replaceAll(" ", ""),
    timezone: form.timezone.trim() || "UTC",
  };
}

/** The expression of a time on some days of the week. */
export function weeklyCron(days: readonly boolean[], at: string): string {
  const [hour = 0, minute = 0] = at.split(":").map(Number);
  return `${minute} ${hour} * * ${days.every(Boolean) ? "*" : CODES.filter((_, day) => days[day]).join(",")}`;
}

/** Days and time of an expression that says no more than these. */
export function weeklyOf(cron: string): { days: boolean[]; at: string } | null {
  const [minute = "", hour = "", dayOfMonth, month, weekday = ""] = cron.trim().split(/\s+/);
  if (!NUMBER.test(minute) || !NUMBER.test(hour) || dayOfMonth !== "*" || month !== "*") return null;
  const days = weekdaysOf(weekday);
  return days && { days, at: `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}` };
}

function weekdaysOf(text: string): boolean[] | null {
  if (text === "*") return DAYS.map(() => true);
  const days = DAYS.map(() => false);
  for (const part of text.toUpperCase().split(",")) {
    const [first, last] = part.split("-").map(dayOf);
    if (first === undefined || first < 0 || (last !== undefined && last < first) || part.split("-").length > 2) return null;
    for (let day = first; day <= (last ?? first); day += 1) days[day % 7] = true;
  }
  return days;
}

/** 0 to 7, where both ends are Sunday; below 0 where it is none. */
const dayOf = (text: string): number => (/^[0-7]$/.test(text) ? Number(text) : CODES.indexOf(text));

/** When it is, in words: "Every Sunday at 02:00 for 2 hours"; what has no short words is said as it is written. */
export function sayWhen(window: WrittenWindow, write: (time: number) => string): string {
  const time = (text: string | null | undefined): string => (text ? write(Date.parse(text) / 1000) : "");
  if (!window.cron && !window.rrule) return `Once, ${time(window.starts_at)} to ${time(window.ends_at)}`;
  const begins = window.rrule ? sayRule(window.rrule) : sayCron(window.cron ?? "");
  const lasting = parseDuration(window.duration ?? "");
  return `${begins} for ${lasting === null ? (window.duration ?? "") : sayDuration(lasting)} (${window.timezone})`;
}

export function sayCron(cron: string): string {
  const weekly = weeklyOf(cron);
  if (weekly) return `${sayDays(weekly.days)} at ${weekly.at}`;
  const [minute = "", hour = "", dayOfMonth = "", month, weekday] = cron.trim().split(/\s+/);
  if (NUMBER.test(minute) && NUMBER.test(hour) && NUMBER.test(dayOfMonth) && month === "*" && weekday === "*") return `On day ${dayOfMonth} of every month at ${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  return `As cron says: ${cron}`;
}

const ORDINALS: Record<string, string> = { "1": "first", "2": "second", "3": "third", "4": "fourth", "5": "fifth", "-1": "last" };
const RULE_CODES = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const UNITS: Record<string, string> = { DAILY: "day", WEEKLY: "week", MONTHLY: "month", YEARLY: "year" };

export function sayRule(rule: string): string {
  const parts = new Map(rule.replace(/^RRULE:/i, "").split(";").map((one) => one.split("=", 2) as [string, string]));
  const unit = UNITS[parts.get("FREQ") ?? ""];
  const known = new Set(["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "WKST"]);
  const days = (parts.get("BYDAY") ?? "").split(",").filter(Boolean).map(sayRuleDay);
  if (!unit || [...parts.keys()].some((one) => !known.has(one)) || days.includes("")) return `As its rule says: ${rule}`;
  const every = Number(parts.get("INTERVAL") ?? 1);
  const on = [...days, ...(parts.get("BYMONTHDAY") ?? "").split(",").filter(Boolean).map((one) => (one === "-1" ? "the last day" : `day ${one}`))];
  const times = parts.get("COUNT");
  return [every === 1 ? `Every ${unit}` : `Every ${every} ${unit}s`, on.length > 0 ? ` on ${joined(on)}` : "", times ? `, ${times} times` : ""].join("");
}

function sayRuleDay(text: string): string {
  const [, ordinal = "", code = ""] = /^([+-]?\d)?([A-Z]{2})$/.exec(text) ?? [];
  const day = DAYS[RULE_CODES.indexOf(code)];
  if (!day) return "";
  const which = ORDINALS[ordinal.replace("+", "")];
  return ordinal === "" ? day : which ? `the ${which} ${day}` : "";
}

function sayDays(days: readonly boolean[]): string {
  if (days.every(Boolean)) return "Every day";
  const chosen = [1, 2, 3, 4, 5, 6, 0].filter((day) => days[day]);
  if (chosen.join() === "1,2,3,4,5") return "Every Monday to Friday";
  return `Every ${joined(chosen.map((day) => DAYS[day] ?? ""))}`;
}

const joined = (words: readonly string[]): string => (words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

/** The checks that a scope covers now. */
export function covered(scope: Scope, checks: readonly NamedCheck[]): NamedCheck[] {
  if (scope.all) return [...checks];
  const names = new Set(scope.checks);
  const groups = new Set(scope.groups);
  const tags = new Set(scope.tags);
  return checks.filter((one) => names.has(one.name) || groups.has(one.group) || Object.entries(one.tags).some(([key, value]) => tags.has(key) || tags.has(`${key}:${value}`)));
}

/** What a scope says, shortly: "All checks", "shop, group edge, tag team:web". */
export function sayScope(scope: Scope): string {
  if (scope.all) return "All checks";
  return [...scope.checks, ...scope.groups.map((one) => `group ${one}`), ...scope.tags.map((one) => `tag ${one}`)].join(", ");
}

