import type { Check, Definition } from "./check";
import { kindOf, OWN, type Field } from "./kinds";
import type { FieldError } from "./store";

export interface Pair {
  name: string;
  value: string;
}

export interface Step {
  send: string;
  expect: string;
  starttls: boolean;
}

export interface Auth {
  type: "none" | "basic" | "bearer";
  username: string;
  password: string;
  token: string;
}

export interface Tls {
  on: boolean;
  verify: boolean;
  server_name: string;
  ca_file: string;
  cert_file: string;
  key_file: string;
}

export type Value = string | boolean | string[] | Pair[] | Step[] | Auth | Tls;

/** A check as it is being written: numbers and durations as texts, for what is half typed is neither. */
export interface Draft {
  type: string;
  own: Record<string, Value>;
  options: Record<string, Value>;
}

const NO_AUTH: Auth = { type: "none", username: "", password: "", token: "" };
const USUAL_TLS: Tls = { on: true, verify: true, server_name: "", ca_file: "", cert_file: "", key_file: "" };

export const newDraft = (type = "http"): Draft => ({ type, own: valuesOf(OWN, {}, true), options: valuesOf(kindOf(type).fields, {}, true) });

export function draftOf(definition: Definition): Draft {
  const { type, options } = definition;
  return { type, own: valuesOf(OWN, definition, false), options: valuesOf(kindOf(type).fields, options, false) };
}

/** Another kind begins anew, but for what every check has. */
export const ofType = (draft: Draft, type: string): Draft => (type === draft.type ? draft : { ...draft, type, options: newDraft(type).options, own: { ...draft.own, url: kindOf(type).url === null ? "" : (draft.own.url ?? "") } });

/** A copy of a check, under a name that no other has. */
export function copyOf(check: Check, taken: ReadonlySet<string>): Draft {
  const draft = draftOf(check);
  let name = check.name;
  for (let number = 2; taken.has(name); number += 1) name = `${check.name} ${number}`;
  // A heartbeat's address is its own.
  const options = check.type === "heartbeat" ? { ...draft.options, token: "" } : draft.options;
  return { ...draft, own: { ...draft.own, name, enabled: true }, options };
}

function valuesOf(fields: readonly Field[], given: Record<string, unknown>, fresh: boolean): Record<string, Value> {
  return Object.fromEntries(fields.map((field) => [field.name, fresh ? initialOf(field) : readValue(field, given[field.name])]));
}

function initialOf(field: Field): Value {
  if (field.initial !== undefined) return field.initial;
  return readValue(field, undefined);
}

function readValue({ shape, optional }: Field, given: unknown): Value {
  switch (shape) {
    case "switch":
      return given === true;
    case "list":
      return Array.isArray(given) ? given.map(String) : [];
    case "pairs":
      return Object.entries((given ?? {}) as Record<string, string>).map(([name, value]) => ({ name, value }));
    case "auth":
      return given ? { ...NO_AUTH, ...(given as Partial<Auth>) } : NO_AUTH;
    case "tls":
      return given ? { ...USUAL_TLS, ...(given as Partial<Tls>) } : { ...USUAL_TLS, on: !optional };
    case "talk":
      return ((given ?? []) as Array<Partial<Step>>).map((step) => ({ send: step.send ?? "", expect: step.expect ?? "", starttls: step.starttls ?? false }));
    default:
      return given === undefined || given === null ? "" : String(given);
  }
}

/** What the server is sent. What is empty is left out, and so is as the server has it by default. */
export function definitionOf({ type, own, options }: Draft): Record<string, unknown> {
  return { type, ...writtenOf(OWN, own), options: writtenOf(kindOf(type).fields, options) };
}

function writtenOf(fields: readonly Field[], values: Record<string, Value>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const written = writeValue(field, values[field.name]);
    if (written !== undefined) out[field.name] = written;
  }
  return out;
}

function writeValue({ shape }: Field, value: Value | undefined): unknown {
  switch (shape) {
    case "switch":
      return value === true;
    case "list": {
      const items = ((value ?? []) as string[]).map((one) => one.trim()).filter(Boolean);
      return items.length > 0 ? items : undefined;
    }
    case "pairs": {
      const pairs = ((value ?? []) as Pair[]).filter((pair) => pair.name.trim() !== "");
      return pairs.length > 0 ? Object.fromEntries(pairs.map((pair) => [pair.name.trim(), pair.value])) : undefined;
    }
    case "auth":
      return writeAuth((value ?? NO_AUTH) as Auth);
    case "tls": {
      const { on, ...trust } = (value ?? USUAL_TLS) as Tls;
      return on ? trust : undefined;
    }
    case "talk": {
      const steps = ((value ?? []) as Step[]).filter((step) => step.send || step.expect || step.starttls);
      return steps.length > 0 ? steps : undefined;
    }
    case "number": {
      const text = String(value ?? "").trim();
      // What is no number is sent as it is: the server says what it wants there.
      return text === "" ? undefined : /^-?\d+$/.test(text) ? Number(text) : text;
    }
    case "long":
    case "secret":
      return value === "" ? undefined : value;
    default: {
      const text = String(value ?? "").trim();
      return text === "" ? undefined : text;
    }
  }
}

function writeAuth({ type, username, password, token }: Auth): unknown {
  if (type === "none") return undefined;
  return type === "basic" ? { type, username, password } : { type, token };
}

/** What the server has against a field, in its words without the field's name; null where nothing. place: as `options.tls`. */
export function complaintAt(errors: readonly FieldError[], place: string): string | null {
  const found = errors.find(({ field }) => field === place || field.startsWith(`${place}.`) || field.startsWith(`${place}[`));
  if (!found) return null;
  const said = found.error.startsWith(`${found.field}: `) ? found.error.slice(found.field.length + 2) : found.error;
  const within = found.field.slice(place.length).replace(/^\./, "");
  return within && !/^\[\d+\]$/.test(within) ? `${within}: ${said}` : said;
}

/** Errors of fields that the form does not show anywhere. */
export function elsewhere(errors: readonly FieldError[], draft: Draft): FieldError[] {
  const shown = [...OWN.map((field) => field.name), "type", ...kindOf(draft.type).fields.map((field) => `options.${field.name}`)];
  return errors.filter(({ field }) => !shown.some((place) => complaintAt([{ code: "", field, error: "" }], place) !== null));
}
