import type { Query } from "./document";

/** A query of the address with the text that is being written over it; the id lives as long as its editor. */
export interface Row {
  id: number;
  query: Query;
  draft: string;
}

let lastId = 0;

export const newRow = (query: Query): Row => ({ id: (lastId += 1), query, draft: query.expr });

/** Rows for the queries of an address: those that say the same stay as they are, with their drafts. */
export function reconcile(rows: readonly Row[], queries: readonly Query[]): Row[] {
  return queries.map((query, at) => {
    const row = rows[at];
    if (!row) return newRow(query);
    if (row.query.expr !== query.expr) return { ...row, query, draft: query.expr };
    return { ...row, query };
  });
}

/** Each row's draft as its query. */
export const committed = (rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row, query: { ...row.query, expr: row.draft.trim() } }));

/** Whether something that was written waits to be run. */
export const isDirty = (rows: readonly Row[]): boolean => rows.some((row) => row.draft.trim() !== row.query.expr);
