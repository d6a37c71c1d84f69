import type { Labels } from "../../api/responses";
import { printDuration } from "../../time/duration";
import { comparedOf, expressionOf, operandOf, type Comparison } from "./comparison";

export const SEVERITIES = ["critical", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Treatment = "ok" | "keep" | "alert" | "unknown";
export type Origin = "built-in" | "changed" | "saved";

/** A rule of the catalog as the server shows it. */
export interface StoredRule {
  name: string;
  expr: string;
  for_ms: number;
  severity: Severity;
  labels: Labels;
  annotations: Labels;
  data: string;
  no_data: Treatment;
  query_failed: Treatment;
  enabled: boolean;
}

export interface Stored {
  origin: Origin;
  version: number;
  rule: StoredRule;
}

/** A rule as one writes it to the server. */
export type WrittenRule = Partial<Omit<StoredRule, "name" | "for_ms">> & { name: string; for: string; condition?: { query: string; comparison: Comparison; value: number } };

export interface Pair {
  name: string;
  value: string;
}

/** A rule being written: all that the form holds, whether it can be saved or not. */
export interface Draft {
  name: string;
  /** Whether the condition is a query, a comparison and a number, rather than an expression. */
  simple: boolean;
  query: string;
  comparison: Comparison;
  value: string;
  expr: string;
  data: string;
  hold: string;
  severity: Severity;
  labels: Pair[];
  annotations: Pair[];
  noData: Treatment;
  queryFailed: Treatment;
  enabled: boolean;
}

export const NEW_DRAFT: Draft = {
  name: "", simple: true, query: "", comparison: ">", value: "", expr: "", data: "", hold: "5m", severity: "warning",
  labels: [], annotations: [{ name: "summary", value: "" }, { name: "description", value: "" }], noData: "ok", queryFailed: "keep", enabled: true,
};

const pairsOf = (labels: Labels): Pair[] => Object.entries(labels).map(([name, value]) => ({ name, value }));

/** The line that is shown comes before what explains it. */
const readingOrder = (name: string): number => ["summary", "description"].indexOf(name) >>> 0;

const printMilliseconds = (ms: number): string => (ms % 1000 === 0 ? printDuration(ms / 1000) : `${ms}ms`);

export function draftOf(rule: StoredRule): Draft {
  const compared = rule.data ? comparedOf(rule.expr) : null;
  const simple = compared !== null && compared.query === rule.data;
  const annotations = pairsOf(rule.annotations).sort((a, b) => readingOrder(a.name) - readingOrder(b.name));
  return {
    ...NEW_DRAFT,
    name: rule.name,
    simple,
    ...(simple ? { query: compared.query, comparison: compared.comparison, value: String(compared.value) } : { expr: rule.expr, data: rule.data }),
    hold: printMilliseconds(rule.for_ms),
    severity: rule.severity,
    labels: pairsOf(rule.labels),
    annotations: annotations.length > 0 ? annotations : NEW_DRAFT.annotations,
    noData: rule.no_data,
    queryFailed: rule.query_failed,
    enabled: rule.enabled,
  };
}

const written = (pairs: readonly Pair[]): Labels => Object.fromEntries(pairs.filter(({ name, value }) => name.trim() !== "" && value !== "").map(({ name, value }) => [name.trim(), value]));

/** What is sent of a draft. */
export function ruleOf(draft: Draft): WrittenRule {
  const { simple, query, comparison, value, expr, data } = draft;
  return {
    name: draft.name.trim(),
    for: draft.hold.trim() || "0",
    severity: draft.severity,
    labels: written(draft.labels),
    annotations: written(draft.annotations),
    no_data: draft.noData,
    query_failed: draft.queryFailed,
    enabled: draft.enabled,
    ...(simple ? { condition: { query: query.trim(), comparison, value: Number(value) } } : { expr: expr.trim(), data: data.trim() }),
  };
}

/** The same condition in the other form; null where an expression has no simple one. */
export function inOtherForm(draft: Draft): Draft | null {
  if (draft.simple) {
    if (!draft.query.trim()) return { ...draft, simple: false, expr: "", data: "" };
    return { ...draft, simple: false, expr: draft.value.trim() ? expressionOf(draft) : draft.query, data: operandOf(draft.query) };
  }
  if (!draft.expr.trim()) return { ...draft, simple: true };
  const compared = comparedOf(draft.expr);
  if (!compared || (draft.data.trim() && !sameQuery(draft.data, compared.query))) return null;
  return { ...draft, simple: true, query: compared.query, comparison: compared.comparison, value: String(compared.value) };
}

const sameQuery = (one: string, other: string): boolean => bare(one) === bare(other);
const bare = (text: string): string => text.trim().replace(/^\((.*)\)$/s, "$1");

/** What a draft says, whichever form its condition has: two that say the same give the same text. */
export const saidBy = (draft: Draft): string => JSON.stringify(ruleOf(draft.simple ? (inOtherForm(draft) ?? draft) : draft));

/** What can be said without the server: where it would only repeat that something is not there yet. */
export function gapsOf(draft: Draft, taken: ReadonlySet<string>): Gaps {
  const gaps: Gaps = {};
  if (!draft.name.trim()) gaps.name = "A rule needs a name";
  else if (taken.has(draft.name.trim())) gaps.name = "A rule of this name is there already";
  if (draft.simple && !draft.query.trim()) gaps.condition = "Write what is watched, such as node_load1";
  if (!draft.simple && !draft.expr.trim()) gaps.condition = "Write when it fires, such as node_load1 > 4";
  if (draft.simple && (draft.value.trim() === "" || !Number.isFinite(Number(draft.value)))) gaps.value = "A number, such as 90 or 0.5";
  for (const field of ["labels", "annotations"] as const) {
    const names = draft[field].filter((pair) => pair.value !== "").map((pair) => pair.name.trim());
    const twice = names.find((name, at) => name !== "" && names.indexOf(name) !== at);
    if (twice) gaps[field] = `${twice} stands there twice`;
    else if (names.includes("")) gaps[field] = "One has a value and no name";
  }
  return gaps;
}

export type Gaps = Partial<Record<"name" | "condition" | "value" | "labels" | "annotations", string>>;

/** Whether a draft says enough to be judged, even without its name. */
export const canBeJudged = ({ name: _, ...others }: Gaps): boolean => Object.keys(others).length === 0;

export interface JudgedError {
  code: string;
  error: string;
  field?: string;
  line?: number;
  column?: number;
}

export interface Judgement {
  valid: boolean;
  errors: JudgedError[];
  warnings: string[];
  matches: number | null;
  example?: { labels: Labels; annotations: Labels; holds: boolean };
  rule?: StoredRule;
}

export type Place = "name" | "condition" | "data" | "hold" | "labels" | "annotations" | "rule";

/** The part of the form that an error is about, and what it says without repeating where. */
export function placed(error: JudgedError): { place: Place; message: string } {
  const message = error.error.replace(/^alert rule '(?:[^'\\]|\\.)*':? /, "").replace(/^(?:condition\.query|expr|data|for|name): /, "");
  if (error.field === "expr" || error.field?.startsWith("condition")) return { place: "condition", message };
  if (error.field === "data") return { place: "data", message };
  if (error.field === "for" || error.field === "for_ms") return { place: "hold", message };
  if (error.field === "name" || error.code === "parameter_invalid") return { place: "name", message };
  if (error.field?.startsWith("labels") || message.startsWith("label ")) return { place: "labels", message };
  if (error.field?.startsWith("annotations") || message.startsWith("annotation ")) return { place: "annotations", message };
  return { place: "rule", message };
}

/** A rule of a file as the catalog would have it. */
export function draftOfFileRule(rule: { name: string; query: string; duration: number; labels: Labels; annotations: Labels }): Draft {
  const { severity, ...labels } = rule.labels;
  return draftOf({
    name: rule.name, expr: rule.query, for_ms: Math.round(rule.duration * 1000), severity: SEVERITIES.find((one) => one === severity) ?? "warning",
    labels, annotations: rule.annotations, data: comparedOf(rule.query)?.query ?? "", no_data: "ok", query_failed: "keep", enabled: true,
  });
}
