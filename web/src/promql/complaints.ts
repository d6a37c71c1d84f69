import type { Diagnostic } from "@codemirror/lint";
import { formatQuery } from "../api/api";
import { ApiFailure } from "../api/failure";
import { readComplaint, stretchAt } from "./place";

/** What the server has against a query as it stands, else what it had when this text was run. */
export async function complaintsAbout(query: string, whenRun: () => string | null | undefined): Promise<Diagnostic[]> {
  if (query.trim() === "") return [];
  try {
    await formatQuery(query);
  } catch (failure) {
    if (!(failure instanceof ApiFailure)) throw failure;
    if (failure.kind === "refused" && failure.code !== "not_found") return objections(query, failure.message);
  }
  return objections(query, whenRun());
}

/** A refusal as the editor marks it: only where it names a place. */
export function objections(query: string, text: string | null | undefined): Diagnostic[] {
  const { message, line, column } = readComplaint(text ?? "");
  return line === null || column === null ? [] : [{ ...stretchAt(query, line, column), severity: "error", message }];
}
