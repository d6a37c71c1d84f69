import type { Variable } from "./dashboard";

const PREFIX = "var-";
const REFERENCE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;

/** The choice of every value together. */
export const ALL = "$all";

/** What the address chooses: `?var-instance=web-1`. */
export function chosen(search: URLSearchParams, variable: Variable): string | null {
  return search.get(PREFIX + variable.name);
}

export function choose(search: URLSearchParams, variable: Variable, value: string): URLSearchParams {
  const out = new URLSearchParams(search);
  out.set(PREFIX + variable.name, value);
  return out;
}

/** The address's choice where it is still offered, else everything where that is allowed, else the first that is offered. */
export function valueOf(variable: Variable, wanted: string | null, offered: readonly string[]): string | null {
  if (wanted !== null && (offered.includes(wanted) || (wanted === ALL && variable.all))) return wanted;
  if (variable.all) return ALL;
  return offered[0] ?? wanted;
}

/** An expression with its variables filled in, as they stand inside quotes. Names without a value stay as they are. */
export function substitute(expr: string, values: Readonly<Record<string, string>>): string {
  return expr.replaceAll(REFERENCE, (whole, braced: string | undefined, bare: string | undefined) => values[braced ?? bare ?? ""] ?? whole);
}

/** A value as it is written between the quotes of a matcher; all of them is the regular expression that matches anything. */
export function written(value: string, variable: Variable): string {
  if (value === ALL) return ".*";
  // A variable that may be all stands in a regular expression, even when it is one value.
  const text = variable.all ? value.replaceAll(/[\\^$.|?*+()[\]{}]/g, "\\$&") : value;
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
