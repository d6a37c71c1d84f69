import { UNITS, type Unit } from "../../charts/units";
import { parseDuration, printDuration } from "../../time/duration";

export interface Query {
  expr: string;
  /** A template that names the series; empty to name them by what differs. */
  legend: string;
  hidden: boolean;
}

export type View = "chart" | "table" | "both";

/** All that the page shows, beside its time range: what its address says. */
export interface ExploreDocument {
  /** At least one; it may be empty. */
  queries: Query[];
  /** Null to guess it from the metrics' names. */
  unit: Unit | null;
  stacked: boolean;
  logarithmic: boolean;
  /** Seconds between two points; null to follow the time range. */
  step: number | null;
  view: View;
  /** The metric that the browser shows, "" for its list, null while it is closed. */
  browse: string | null;
}

export const MOST_QUERIES = 20;
export const NOTHING: Query = { expr: "", legend: "", hidden: false };
const OWN = ["q", "legend", "hide", "unit", "stack", "log", "step", "view", "browse"];

/** Reads `q=…&q=…&legend=…&hide=2&unit=bytes&stack=1&log=1&step=30s&view=table&browse=…`; what cannot be read means the default. */
export function readDocument(search: URLSearchParams): ExploreDocument {
  const legends = search.getAll("legend");
  const hidden = new Set(search.get("hide")?.split(",").map(Number));
  const queries = search.getAll("q").slice(0, MOST_QUERIES).map((expr, at) => ({ expr, legend: legends[at] ?? "", hidden: hidden.has(at + 1) }));
  const view = search.get("view");
  const logarithmic = search.get("log") === "1";
  return {
    queries: queries.length > 0 ? queries : [NOTHING],
    unit: UNITS.find(([unit]) => unit === search.get("unit"))?.[0] ?? null,
    stacked: search.get("stack") === "1" && !logarithmic,
    logarithmic,
    step: parseDuration(search.get("step") ?? ""),
    view: view === "table" || view === "both" ? view : "chart",
    browse: search.get("browse"),
  };
}

/** Writes a document over its part of an address, leaving the time range; defaults leave nothing to read. */
export function writeDocument(search: URLSearchParams, document: ExploreDocument): URLSearchParams {
  const { queries, unit, stacked, logarithmic, step, view, browse } = document;
  const out = new URLSearchParams();
  const hidden = queries.flatMap((query, at) => (query.hidden ? [at + 1] : []));
  const legends = queries.map((query) => query.legend);
  if (queries.length > 1 || queries[0]?.expr) for (const { expr } of queries) out.append("q", expr);
  // As many as reach the last one that says something: they stand by position.
  for (const legend of legends.slice(0, legends.findLastIndex((one) => one !== "") + 1)) out.append("legend", legend);
  if (hidden.length > 0) out.set("hide", hidden.join(","));
  if (unit) out.set("unit", unit);
  if (stacked) out.set("stack", "1");
  if (logarithmic) out.set("log", "1");
  if (step) out.set("step", printDuration(step));
  if (view !== "chart") out.set("view", view);
  if (browse !== null) out.set("browse", browse);
  for (const [name, value] of search) if (!OWN.includes(name)) out.append(name, value);
  return out;
}
