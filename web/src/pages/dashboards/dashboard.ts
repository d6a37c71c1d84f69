import type { Unit } from "../../charts/units";

/** Dashboards as the server knows them; what is left out has its default there. */
export type PanelKind = "chart" | "stat" | "table";

export interface PanelQuery {
  expr: string;
  legend: string;
}

export interface PanelSpec {
  title: string;
  queries: PanelQuery[];
  kind: PanelKind;
  unit: Unit | "auto";
  /** Of 12 columns. */
  width: number;
  /** In rows of 40 pixels; 0 for the kind's own. */
  height: number;
  stacked: boolean;
  max: number | null;
  description: string;
}

export interface Variable {
  name: string;
  metric: string;
  label: string;
  title: string;
  all: boolean;
}

export interface Dashboard {
  name: string;
  title: string;
  description: string;
  range: string;
  variables: Variable[];
  panels: PanelSpec[];
}

export type Origin = "saved" | "file" | "ready-made";

export interface Listed {
  name: string;
  title: string;
  description: string;
  origin: Origin;
  version: number;
  panels: number;
  file?: string;
}

export interface Stored {
  dashboard: Dashboard;
  origin: Origin;
  version: number;
  file?: string;
}

export const ROW = 40;

export const NEW_PANEL: PanelSpec = {
  title: "",
  queries: [{ expr: "", legend: "" }],
  kind: "chart",
  unit: "auto",
  width: 6,
  height: 0,
  stacked: false,
  max: null,
  description: "",
};

/** A name for addresses, made from a title: "Web & API" becomes "web-api". */
export function nameFrom(title: string): string {
  const plain = title.normalize("NFKD").replaceAll(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 100).replace(/-$/, "");
}

/** A name that none of the others has. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = wanted || "dashboard";
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
}

/** The list with one of its items elsewhere; what lies outside stays. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined || to < 0 || to >= items.length) return [...items];
  const rest = items.filter((_, at) => at !== from);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}
