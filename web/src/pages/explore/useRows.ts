import { useEffect, useMemo, useRef, useState } from "react";
import { navigate, readAddress, useAddress, withSearch } from "../../shell/address";
import { readDocument, writeDocument, type ExploreDocument } from "./document";
import { committed, reconcile, type Row } from "./rows";

export interface Explore {
  document: ExploreDocument;
  rows: readonly Row[];
  /** The rows as of this moment: a letter typed just before Enter may not be drawn yet. */
  present: () => readonly Row[];
  /** Keeps what is being typed, without asking. */
  draft: (id: number, text: string) => void;
  /** Shows something otherwise; drafts stay drafts. */
  change: (change: Partial<Omit<ExploreDocument, "queries">>) => void;
  /** Makes rows the document's queries, with drafts that are not run yet left as they are. */
  put: (rows: readonly Row[], change?: Partial<ExploreDocument>) => void;
  /** The same with every draft run; says whether the address changed. */
  run: (rows: readonly Row[], change?: Partial<ExploreDocument>) => boolean;
}

/** The page's document, read from the address and written to it, with the texts that are not yet run. */
export function useRows(): Explore {
  const text = useAddress().search.toString();
  const document = useMemo(() => readDocument(new URLSearchParams(text)), [text]);
  const [rows, setRows] = useState<readonly Row[]>(() => reconcile([], document.queries));
  const latest = useRef(rows);
  const keep = (next: readonly Row[]): void => {
    latest.current = next;
    setRows(next);
  };
  // A change of the address from elsewhere (back, a link) brings its queries; our own are there already.
  useEffect(() => keep(reconcile(latest.current, document.queries)), [document]);

  const put = (next: readonly Row[], change: Partial<ExploreDocument> = {}): void => {
    keep(next);
    write({ queries: next.map((row) => row.query), ...change });
  };
  return {
    document,
    rows,
    present: () => latest.current,
    put,
    draft: (id, written) => keep(latest.current.map((row) => (row.id === id ? { ...row, draft: written } : row))),
    change: (change) => write(change),
    run(next, change) {
      const before = location.search;
      put(committed(next), change);
      return location.search !== before;
    },
  };
}

/** One step in the browser's history, so that back undoes it. */
function write(change: Partial<ExploreDocument>): void {
  const { search } = readAddress();
  navigate(withSearch(location.pathname, writeDocument(search, { ...readDocument(search), ...change })));
}
