import type { SilenceMatcher } from "../api/alerting";
import type { Labels } from "../api/responses";
import { quote } from "../series/selector";

export type Operator = "=" | "!=" | "=~" | "!~";
export const OPERATORS: readonly Operator[] = ["=", "!=", "=~", "!~"];

export interface Matcher {
  name: string;
  op: Operator;
  value: string;
}

/** What is asked for: matchers, or words that are looked for, or why the text is neither. */
export interface Wanted {
  matchers: Matcher[];
  words: string;
  problem: string | null;
}

const BEGINS = /^\s*(?:\{|(?:[A-Za-z_][\w.]*|"(?:[^"\\]|\\.)*")\s*(?:=~|!~|!=|=))/;
const ONE = /\s*(?:([A-Za-z_][\w.]*)|"((?:[^"\\]|\\.)*)")\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}\s][^",{}]*?)?)\s*(?:,|$)/y;

/** Reads `team="db", severity=~"crit.*"`, braces and quotes at will; a text without an operator is words. */
export function parseWanted(text: string): Wanted {
  if (!BEGINS.test(text)) return { matchers: [], words: text.trim(), problem: null };
  const inner = text.trim().replace(/^\{/, "").replace(/\}$/, "").trim();
  const matchers: Matcher[] = [];
  ONE.lastIndex = 0;
  while (ONE.lastIndex < inner.length) {
    const at = ONE.lastIndex;
    const found = ONE.exec(inner);
    if (!found) return { matchers: [], words: "", problem: `Cannot be read from “${inner.slice(at, at + 20)}” on: write name="value", or =~, !=, !~` };
    const [, bare, quoted, op, text, plain] = found;
    const matcher: Matcher = { name: bare ?? unescape(quoted ?? ""), op: op as Operator, value: text === undefined ? (plain ?? "") : unescape(text) };
    const problem = problemOf(matcher);
    if (problem) return { matchers: [], words: "", problem };
    matchers.push(matcher);
  }
  return { matchers, words: "", problem: null };
}

const unescape = (text: string): string => text.replaceAll(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));

/** Why a matcher cannot be; null when it can, as far as a browser knows. */
function problemOf({ name, op, value }: Matcher): string | null {
  if (op !== "=~" && op !== "!~") return null;
  return regexOf(value) ? null : `The regex of ${name} cannot be read: ${value}`;
}

const KEPT = 200;
const regexes = new Map<string, RegExp | null>();

/** A regex that has to match all of a value; the flags that Go's have in front are taken from there. */
function regexOf(text: string): RegExp | null {
  const known = regexes.get(text);
  if (known !== undefined) return known;
  const [flagged = "", flags = ""] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  let made: RegExp | null;
  try {
    made = new RegExp(`^(?:${text.slice(flagged.length)})$`, flags.includes("s") ? flags : `${flags}s`);
  } catch {
    made = null;
  }
  if (regexes.size >= KEPT) regexes.clear();
  regexes.set(text, made);
  return made;
}

/** A label that is missing is an empty one. */
export function satisfies(labels: Labels, { name, op, value }: Matcher): boolean {
  const found = labels[name] ?? "";
  if (op === "=") return found === value;
  if (op === "!=") return found !== value;
  return (regexOf(value)?.test(found) ?? false) === (op === "=~");
}

const PLAIN = /^[A-Za-z_]\w*$/;

/** As Alertmanager reads it. */
export const writeMatcher = ({ name, op, value }: Matcher): string => `${PLAIN.test(name) ? name : quote(name)}${op}${quote(value)}`;

/** One for every label, so that exactly this alert is meant. */
export const matchersOf = (labels: Labels): Matcher[] => Object.keys(labels).sort(nameFirst).map((name) => ({ name, op: "=", value: labels[name] as string }));

const nameFirst = (a: string, b: string): number => Number(b === "alertname") - Number(a === "alertname") || a.localeCompare(b);

export const fromSilence = ({ name, value, isRegex, isEqual = true }: SilenceMatcher): Matcher => ({ name, value, op: isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=" });

export const toSilence = ({ name, op, value }: Matcher): SilenceMatcher => ({ name, value, isRegex: op === "=~" || op === "!~", isEqual: op === "=" || op === "=~" });
