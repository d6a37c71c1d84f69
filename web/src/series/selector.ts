/** `name{label="value",…}` with values quoted for PromQL. */
export function select(name: string, labels: Record<string, string>, extra = ""): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}=${quote(value)}`);
  if (extra) parts.push(extra);
  return parts.length === 0 ? name : `${name}{${parts.join(",")}}`;
}

export function quote(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
