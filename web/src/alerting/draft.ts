import type { Silence, SilenceDraft } from "../api/alerting";
import { parseAbsolute } from "../time/words";
import { fromSilence, toSilence, type Matcher } from "./matchers";
import { intervalsOf, problemOf, windowsOf, type TimeWindow } from "./recurrence";

/** A silence as a form has it. Times are texts, `2026-11-21 14:00`; no start means now, no end is allowed to what recurs. */
export interface Form {
  matchers: Matcher[];
  from: string;
  until: string;
  author: string;
  comment: string;
  windows: TimeWindow[];
}

/** Beyond any end that people mean: what recurs for ever is shown with the last instant of the year 9999. */
const NEVER = Date.UTC(9000, 0);

export const neverEnds = (silence: Pick<Silence, "endsAt">): boolean => Date.parse(silence.endsAt) > NEVER;

export const EMPTY_MATCHER: Matcher = { name: "", op: "=", value: "" };

/** What is wrong with each part of a form; nothing where all can be saved, as far as a browser knows. */
export function problemsOf(form: Form, now: number): Partial<Record<keyof Form, string>> {
  const start = form.from.trim() === "" ? now : parseAbsolute(form.from);
  const end = form.until.trim() === "" ? null : parseAbsolute(form.until);
  const problems: Partial<Record<keyof Form, string>> = {};
  if (form.matchers.length === 0 || form.matchers.some((one) => !one.name.trim())) problems.matchers = "Each matcher needs the name of a label";
  else if (form.matchers.every(matchesAnything)) problems.matchers = "One matcher at least must ask for something, else all alerts would be silenced";
  if (start === null) problems.from = "Write it as 2026-11-21 14:00";
  if (form.until.trim() === "") {
    if (form.windows.length === 0) problems.until = "Choose an end; only what recurs may be without one";
  } else if (end === null) problems.until = "Write it as 2026-11-21 14:30";
  else if (end <= now) problems.until = "It would be over already";
  else if (start !== null && end <= start) problems.until = "It must end after its start";
  if (!form.author.trim()) problems.author = "Others want to know whom to ask";
  if (!form.comment.trim()) problems.comment = "Others want to know why";
  if (form.windows.some((one) => problemOf(one) !== null)) problems.windows = "A window cannot be so";
  return problems;
}

/** Whether a matcher is satisfied by a missing label, so that on its own it holds nearly everything. */
const matchesAnything = ({ op, value }: Matcher): boolean => (op === "=" && value === "") || (op === "=~" && /^(\.\*|)$/.test(value));

/** What is sent; `id` of the silence that is edited. */
export function draftOf(form: Form, now: number, id: string | null): SilenceDraft {
  const start = form.from.trim() === "" ? now : (parseAbsolute(form.from) ?? now);
  const end = parseAbsolute(form.until);
  return {
    ...(id === null ? {} : { id }),
    matchers: form.matchers.map((one) => toSilence({ ...one, name: one.name.trim() })),
    startsAt: new Date(start * 1000).toISOString(),
    ...(end === null ? {} : { endsAt: new Date(end * 1000).toISOString() }),
    createdBy: form.author.trim(),
    comment: form.comment.trim(),
    recurrence: intervalsOf(form.windows),
  };
}

/** The form of a silence that is there. write: how a time, in seconds, is written. */
export function formOf(silence: Silence, write: (time: number) => string): Form {
  return {
    matchers: silence.matchers.map(fromSilence),
    from: write(Date.parse(silence.startsAt) / 1000),
    until: neverEnds(silence) ? "" : write(Date.parse(silence.endsAt) / 1000),
    author: silence.createdBy,
    comment: silence.comment,
    windows: windowsOf(silence.recurrence ?? []),
  };
}
