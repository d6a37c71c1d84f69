import { quote, select } from "../../series/selector";

/** The values picked of each label, by the label's name. */
export type Picked = Readonly<Record<string, readonly string[]>>;

export function togglePick(picked: Picked, label: string, value: string): Picked {
  const { [label]: old = [], ...rest } = picked;
  const values = old.includes(value) ? old.filter((one) => one !== value) : [...old, value];
  return values.length > 0 ? { ...rest, [label]: values } : rest;
}

/** The selector for a metric and what was picked: one value by equality, several by a regular expression. */
export function selectorFor(metric: string, picked: Picked): string {
  const name = /^[a-zA-Z_:][\w:]*$/.test(metric) ? metric : "";
  const one = Object.fromEntries(Object.entries(picked).filter(([, values]) => values.length === 1).map(([label, values]) => [label, values[0] as string]));
  const several = Object.entries(picked).filter(([, values]) => values.length > 1).map(([label, values]) => `${label}=~${quote(values.map(escapeRegex).join("|"))}`);
  return select(name, name ? one : { __name__: metric, ...one }, several.join(","));
}

const escapeRegex = (value: string): string => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);

/** The 95th percentile of what native histograms observed; over the last minutes where the expression is but a selector. */
export const percentileOf = (expr: string): string => `histogram_quantile(0.95, ${/^[\w:]*(\{.*\})?$/.test(expr.trim()) ? `rate(${expr.trim()}[5m])` : expr.trim()})`;

export interface Suggestion {
  word: string;
  expr: string;
}

/** What people mostly ask of a metric of a type, beside its plain value. */
export function suggestionsFor(type: string | null, metric: string, selector: string, window: string): Suggestion[] {
  const rate = `rate(${selector}[${window}])`;
  if (metric.endsWith("_bucket")) return [{ word: "95th percentile", expr: `histogram_quantile(0.95, sum by (le) (${rate}))` }];
  // The samples of a native histogram are no numbers: without a function there is nothing to draw.
  if (type === "histogram" && !/_(sum|count)$/.test(metric))
    return [
      { word: "95th percentile", expr: `histogram_quantile(0.95, sum(${rate}))` },
      { word: "Rate it", expr: `histogram_count(${rate})` },
      { word: "Average", expr: `histogram_avg(${rate})` },
    ];
  if (type === "counter" || type === "histogram" || type === "summary") return [{ word: "Rate it", expr: rate }];
  return [];
}

export interface LabelCount {
  label: string;
  /** Each value with how many series have it, the most frequent first. */
  values: Array<readonly [string, number]>;
}

/** The labels of a metric's series by name, each with its values. */
export function countLabels(series: ReadonlyArray<Record<string, string>>): LabelCount[] {
  const counts = new Map<string, Map<string, number>>();
  for (const labels of series) {
    for (const [label, value] of Object.entries(labels)) {
      if (label === "__name__") continue;
      const own = counts.get(label) ?? new Map<string, number>();
      counts.set(label, own.set(value, (own.get(value) ?? 0) + 1));
    }
  }
  const collate = new Intl.Collator(undefined, { numeric: true }).compare;
  return [...counts]
    .map(([label, values]) => ({ label, values: [...values].sort((a, b) => b[1] - a[1] || collate(a[0], b[0])) }))
    .sort((a, b) => collate(a.label, b.label));
}

/** Names in which every word occurs; those that begin with the text come first. */
export function searchNames(names: readonly string[], text: string): readonly string[] {
  const words = text.toLowerCase().split(/[\s*]+/).filter(Boolean);
  if (words.length === 0) return names;
  const found = names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  const first = words[0] as string;
  return [...found.filter((name) => name.toLowerCase().startsWith(first)), ...found.filter((name) => !name.toLowerCase().startsWith(first))];
}
