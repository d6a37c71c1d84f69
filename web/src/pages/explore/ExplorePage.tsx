import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Button } from "@mantine/core";
import { letterOf } from "../../charts/QueryChart";
import { useStore } from "../../live/store";
import { ListIcon, PlusIcon } from "../../parts/icons";
import type { EditorHandle } from "../../promql/QueryEditor";
import { now } from "../../time/clock";
import { BESIDE } from "./BrowserFrame";
import { MOST_QUERIES, NOTHING, type ExploreDocument, type Query } from "./document";
import { Examples } from "./Examples";
import type { Example } from "./examples";
import styles from "./ExplorePage.module.css";
import { changeHistory, loadHistory, queryHistory, remember, toggleStar } from "./history";
import { HistoryMenu } from "./HistoryMenu";
import { MetricBrowser } from "./MetricBrowser";
import { LARGEST } from "./OutcomeLine";
import { QueryRow } from "./QueryRow";
import { Results } from "./Results";
import { isDirty, newRow, type Row } from "./rows";
import { percentileOf } from "./selection";
import { useOutcomes } from "./useOutcomes";
import { useRows } from "./useRows";

/** Where the metrics lie over the queries, having picked one closes them. */
const withoutDrawer = (): Partial<ExploreDocument> => (matchMedia(BESIDE).matches ? {} : { browse: null });

/** Any question of the metrics: queries above, what came of them under them, all of it in the address. */
export default function ExplorePage() {
  const client = useQueryClient();
  const explore = useRows();
  const { document, rows } = explore;
  const outcomes = useOutcomes(document);
  const { starred } = useStore(queryHistory);
  const editors = useRef(new Map<number, EditorHandle>());
  const [active, setActive] = useState<number | null>(null);
  const [fresh, setFresh] = useState<number | null>(null);
  useEffect(loadHistory, []);

  const run = (next: readonly Row[] = explore.present(), change: Partial<ExploreDocument> = {}): void => {
    changeHistory((old) => remember(old, next.map((row) => row.draft.trim()), now()));
    // The same question again wants a new answer.
    if (!explore.run(next, change)) for (const kind of ["range", "instant"]) void client.invalidateQueries({ queryKey: [kind] });
  };
  const update = (id: number, query: Partial<Query>): void => explore.put(explore.present().map((row) => (row.id === id ? { ...row, query: { ...row.query, ...query } } : row)));
  const add = (query: Query, after = rows.length): void => {
    const row = newRow(query);
    setFresh(row.id);
    explore.put(explore.present().toSpliced(after, 0, row));
  };
  const remove = (id: number): void => {
    const rest = explore.present().filter((row) => row.id !== id);
    explore.put(rest.length > 0 ? rest : [newRow(NOTHING)]);
  };
  /** In the row that is empty, else in one of its own. */
  const ask = (expr: string): void => {
    const present = explore.present();
    const place = present.find((row) => row.draft.trim() === "");
    if (place) run(present.map((row) => (row === place ? { ...row, draft: expr } : row)), withoutDrawer());
    else if (present.length < MOST_QUERIES) run([...present, newRow({ ...NOTHING, expr })], withoutDrawer());
  };
  const insert = (expr: string): void => {
    explore.change(withoutDrawer());
    const target = rows.find((row) => row.id === active) ?? rows.at(-1);
    if (target) editors.current.get(target.id)?.insert(expr);
  };
  const pick = ({ query, stacked = false }: Example): void => {
    changeHistory((old) => remember(old, [query.expr], now()));
    explore.put([newRow(query)], { stacked, logarithmic: false });
  };

  const blank = document.queries.every((query) => query.expr === "");
  const browse = (metric: string | null): void => explore.change({ browse: metric });
  return (
    <div className={styles.page} data-browsing={document.browse !== null || undefined}>
      <h1 className={styles.heading}>Explore</h1>
      {document.browse !== null && (
        <MetricBrowser metric={document.browse} onMetric={browse} onClose={() => browse(null)} onInsert={insert} onAsk={ask} />
      )}
      <div className={styles.work}>
        <section className={styles.queries} aria-label="Queries">
          <ol className={styles.rows}>
            {rows.map((row, at) => (
              <QueryRow
                key={row.id}
                row={row}
                mark={letterOf(at)}
                outcome={row.query.hidden ? null : (outcomes.of.get(row.query.expr) ?? null)}
                starred={starred.includes(row.draft.trim())}
                alone={rows.length === 1}
                autoFocus={row.id === fresh || (blank && rows.length === 1)}
                handle={(editor) => (editor ? editors.current.set(row.id, editor) : editors.current.delete(row.id))}
                onDraft={(text) => explore.draft(row.id, text)}
                onLegend={(legend) => update(row.id, { legend })}
                onRun={() => run()}
                onFocus={() => setActive(row.id)}
                onHide={() => update(row.id, { hidden: !row.query.hidden })}
                onStar={() => changeHistory((old) => toggleStar(old, row.draft.trim()))}
                onDuplicate={() => rows.length < MOST_QUERIES && add({ ...row.query, expr: row.draft.trim() }, at + 1)}
                onRemove={() => remove(row.id)}
                onTable={() => explore.change({ view: "table" })}
                onPercentile={() => run(rows.map((one) => (one === row ? { ...one, draft: percentileOf(one.query.expr) } : one)))}
                onLargest={() => run(rows.map((one) => (one === row ? { ...one, draft: `topk(${LARGEST}, ${one.query.expr})` } : one)))}
              />
            ))}
          </ol>
          <div className={styles.tools}>
            <button type="button" className={styles.tool} disabled={rows.length >= MOST_QUERIES} onClick={() => add(NOTHING)}><PlusIcon />Add query</button>
            <button type="button" className={styles.tool} aria-expanded={document.browse !== null} onClick={() => browse(document.browse === null ? "" : null)}><ListIcon />Metrics</button>
            <HistoryMenu className={styles.tool} onPick={ask} />
            <span className={styles.keys}><kbd>Enter</kbd> runs, <kbd>Shift</kbd>+<kbd>Enter</kbd> new line</span>
            <Button size="sm" variant={isDirty(rows) ? "filled" : "default"} onClick={() => run()}>Run</Button>
          </div>
        </section>
        {blank ? <Examples onPick={pick} onBrowse={() => browse("")} /> : <Results {...{ document, outcomes }} onChange={explore.change} />}
      </div>
    </div>
  );
}
