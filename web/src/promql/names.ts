import type { Labels } from "../api/responses";

/** One query's result, as far as names need it. */
export interface NamedResult {
  /** How the query is called where names would clash: "A". */
  mark: string;
  expr: string;
  /** A template such as "{{instance}} {{mode}}"; empty to name series by what tells them apart. */
  legend: string;
  labels: readonly Labels[];
}

/** Names for every series of several queries: by the template, else by the labels that tell a query's series apart. */
export function nameSeries(results: readonly NamedResult[]): string[][] {
  const names = results.map((result) => (result.legend ? result.labels.map((labels) => fill(result.legend, labels)) : distinguish(result)));
  if (results.length < 2) return names;
  const owners = new Map<string, Set<number>>();
  names.forEach((own, at) => own.forEach((name) => owners.set(name, (owners.get(name) ?? new Set()).add(at))));
  return names.map((own, at) => own.map((name) => ((owners.get(name)?.size ?? 0) > 1 ? `${results[at]?.mark ?? ""} ${name}` : name)));
}

/** Puts a series' values into the places of a template; a label it lacks leaves nothing. */
export function fill(template: string, labels: Labels): string {
  return template.replaceAll(/\{\{\s*([^{}\s]+)\s*\}\}/g, (_, name: string) => labels[name] ?? "").trim() || writeLabels(labels);
}

function distinguish({ labels, expr }: NamedResult): string[] {
  const differing = differingLabels(labels);
  const [first] = labels;
  if (labels.length === 1 && first) return [first.__name__ ?? (Object.keys(first).length === 1 ? (Object.values(first)[0] as string) : shorten(expr))];
  // A single label needs no name: "eth0" says it.
  const [only] = differing;
  if (differing.length === 1 && only !== undefined && only !== "__name__") return labels.map((one) => one[only] ?? `no ${only}`);
  return labels.map((one) => writeLabels(Object.fromEntries(differing.filter((name) => name in one).map((name) => [name, one[name] as string]))) || shorten(expr));
}

/** The labels whose values are not the same in all sets, the name first. */
export function differingLabels(sets: readonly Labels[]): string[] {
  const [first] = sets;
  if (!first) return [];
  const names = new Set(sets.flatMap((labels) => Object.keys(labels)));
  return [...names].filter((name) => sets.some((labels) => labels[name] !== first[name])).sort(nameFirst);
}

const nameFirst = (a: string, b: string): number => Number(b === "__name__") - Number(a === "__name__") || a.localeCompare(b);

/** `name{label="value"}` for people; without a name only what is in the braces. */
export function writeLabels(labels: Labels): string {
  const { __name__, ...rest } = labels;
  const inner = Object.keys(rest).sort().map((name) => `${name}="${rest[name]}"`).join(", ");
  if (__name__ === undefined) return inner;
  return inner ? `${__name__}{${inner}}` : __name__;
}

const shorten = (expr: string): string => expr.replaceAll(/\s+/g, " ").trim();
