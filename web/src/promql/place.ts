/** Where in a query the server found it wrong, and what it says without the place. */
export interface Complaint {
  message: string;
  /** Both from 1; null when the message names no place. */
  line: number | null;
  column: number | null;
}

/** Reads Prometheus' "line:column: parse error: what". */
export function readComplaint(text: string): Complaint {
  const found = /^(?:invalid parameter "query": )?(?:(\d+):(\d+): )?(?:parse error: )?([\s\S]*)$/.exec(text);
  const [, line, column, rest = text] = found ?? [];
  const message = rest.charAt(0).toUpperCase() + rest.slice(1);
  return { message, line: line === undefined ? null : Number(line), column: column === undefined ? null : Number(column) };
}

/** The stretch of text to underline for a place: the word there, or the last character when the end came too soon. */
export function stretchAt(text: string, line: number, column: number): { from: number; to: number } {
  const before = text.split("\n").slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  // Columns count characters, and the editor counts UTF-16 units.
  const inLine = [...(text.slice(before).split("\n")[0] ?? "")].slice(0, column - 1).join("").length;
  const from = Math.min(before + inLine, text.length);
  if (from >= text.trimEnd().length) return { from: Math.max(0, text.trimEnd().length - 1), to: text.trimEnd().length };
  const word = /^(?:[\w:]+|\s+|.)/.exec(text.slice(from))?.[0] ?? "";
  return { from, to: from + word.length };
}
