/** `name{label="value",…}` with values quoted for PromQL. */
export function select(name: string, labels: Record<string, string>, extra = ""): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}=${quote(value)}`);
  if (extra) parts.push(extra);
  return parts.length === 0 ? name : `${name}{${parts.join(",")}}`;
}

/** A matcher for any of some values: `instance=~"a|b"`. */
export const oneOf = (label: string, values: readonly string[]): string => `${label}=~${quote(values.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"))}`;

export function quote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
