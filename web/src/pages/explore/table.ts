import type { InstantResult, Labels, Sample } from "../../api/responses";
import { differingLabels, writeLabels } from "../../promql/names";

/** One sample of a result, as a table's row. */
export interface TableRow {
  /** The letter of its query. */
  mark: string;
  labels: Labels;
  /** Unix seconds. */
  time: number;
  /** As the server wrote it: exact, and NaN or +Inf in words. */
  value: string;
}

export interface TableData {
  rows: TableRow[];
  /** Labels with values that differ, and those that are the same throughout. */
  columns: string[];
  shared: Labels;
  /** Whether the rows are of several moments or queries, which then need a column. */
  timed: boolean;
  marked: boolean;
}

export interface TableSource {
  mark: string;
  result: InstantResult | undefined;
}

export interface Order {
  by: "time" | "value" | "mark" | "series" | { label: string };
  down: boolean;
}

/** Lays the results of instant queries out as one table; strings and scalars are rows without labels. */
export function tableOf(sources: readonly TableSource[]): TableData {
  const rows = sources.flatMap(({ mark, result }) => (result ? rowsOf(mark, result) : []));
  const sets = rows.map((row) => row.labels);
  const columns = rows.length === 1 ? Object.keys(sets[0] ?? {}).sort() : differingLabels(sets);
  const shared = Object.fromEntries(Object.entries(sets[0] ?? {}).filter(([name]) => !columns.includes(name)));
  return {
    rows,
    columns,
    shared,
    timed: sources.some(({ result }) => result?.resultType === "matrix"),
    marked: sources.filter(({ result }) => result !== undefined).length > 1,
  };
}

function rowsOf(mark: string, result: InstantResult): TableRow[] {
  const row = (labels: Labels, [time, value]: Sample): TableRow => ({ mark, labels, time, value });
  if (result.resultType === "vector") return result.result.map(({ metric, value }) => row(metric, value));
  if (result.resultType === "matrix") return result.result.flatMap(({ metric, values }) => values.map((sample) => row(metric, sample)));
  return [row({}, result.result)];
}

/** Rows in which every word of the text occurs, in a label's name, its value or the number. */
export function filterRows(rows: readonly TableRow[], text: string): readonly TableRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const own = `${Object.entries(row.labels).map(([name, value]) => `${name}=${value}`).join(" ")} ${row.value}`.toLowerCase();
    return words.every((word) => own.includes(word));
  });
}

export function sortRows(rows: readonly TableRow[], order: Order | null): readonly TableRow[] {
  if (!order) return rows;
  const sign = order.down ? -1 : 1;
  const { by } = order;
  if (by === "time") return [...rows].sort((a, b) => sign * (a.time - b.time));
  if (by === "value") return [...rows].sort((a, b) => compareNumbers(numberOf(a.value), numberOf(b.value), sign));
  const text = (row: TableRow): string => (by === "mark" ? row.mark : by === "series" ? writeLabels(row.labels) : (row.labels[by.label] ?? ""));
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  return [...rows].sort((a, b) => sign * compare(text(a), text(b)));
}

/** Prometheus writes infinities as +Inf and -Inf. */
export const numberOf = (value: string): number => Number(value.replace(/^([+-]?)Inf$/, "$1Infinity"));

/** What is no number comes last, whichever way. */
function compareNumbers(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : sign * (a < b ? -1 : 1);
}

/** All labels, the moment in ISO 8601 and the value; quoted as RFC 4180 says. */
export function toCsv(rows: readonly TableRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.labels)))].sort();
  const lines = rows.map((row) => [...names.map((name) => row.labels[name] ?? ""), moment(row.time), row.value]);
  return [[...names, "time", "value"], ...lines].map((fields) => fields.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function toJson(rows: readonly TableRow[]): string {
  return JSON.stringify(rows.map(({ labels, time, value }) => ({ labels, time: moment(time), value })), null, 2);
}

const moment = (time: number): string => new Date(time * 1000).toISOString();

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
