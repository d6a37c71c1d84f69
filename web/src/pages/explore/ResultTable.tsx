import { useMediaQuery } from "@mantine/hooks";
import { useMemo, useState, type CSSProperties, type ReactNode } from "react";
import { format, type Unit } from "../../charts/units";
import { Failure } from "../../parts/Failure";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { VirtualRows } from "../../parts/VirtualRows";
import { writeLabels } from "../../promql/names";
import { absoluteTime, clockTime } from "../../time/words";
import { CopyButton } from "./CopyButton";
import styles from "./ResultTable.module.css";
import { filterRows, numberOf, sortRows, tableOf, toCsv, toJson, type Order, type TableData, type TableRow, type TableSource } from "./table";

interface ResultTableProps {
  sources: readonly TableSource[];
  unit: Unit;
  pending: boolean;
  outdated: boolean;
  /** Why there is nothing new, where the query is not to blame. */
  failure: Error | null;
  empty: string;
}

const ROW = 32;
const CARD = 64;
const HEAD = 32;
/** Rows in sight before the table scrolls. */
const TALLEST = 16;

/** The results of instant queries: sortable, searchable, to be taken elsewhere. */
export function ResultTable({ sources, unit, pending, outdated, failure, empty }: ResultTableProps) {
  const [filter, setFilter] = useState("");
  const [order, setOrder] = useState<Order | null>(null);
  const narrow = useMediaQuery("(max-width: 719px)", false, { getInitialValueInEffect: false });
  const late = useLate(pending);
  const stale = useLate(outdated);
  const data = useMemo(() => tableOf(sources), [sources]);
  const rows = useMemo(() => sortRows(filterRows(data.rows, filter), order), [data, filter, order]);
  const moment = data.rows[0]?.time;
  const lone = data.rows.length === 1 && data.columns.length === 0 ? data.rows[0] : undefined;

  return (
    <Panel title="Table" note={moment === undefined || data.timed ? undefined : `at ${absoluteTime(moment)}`} aside={data.rows.length > 0 && <Copies rows={rows} />}>
      <div className={styles.body} data-outdated={stale || undefined}>
        {data.rows.length === 0 ? (
          failure ? <Failure failure={failure} compact /> : pending ? late && <Placeholder height={200} /> : <p className={styles.empty}>{empty}</p>
        ) : lone ? (
          <LoneValue row={lone} unit={unit} />
        ) : (
          <>
            <div className={styles.above}>
              <input type="search" className={styles.filter} value={filter} placeholder="Filter rows" aria-label="Filter rows" onChange={(event) => setFilter(event.currentTarget.value)} />
              <span className={styles.count} role="status">
                {rows.length === data.rows.length ? `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "row" : "rows"}` : `${rows.length.toLocaleString("en")} of ${data.rows.length.toLocaleString("en")} rows`}
              </span>
              {Object.keys(data.shared).length > 0 && <span className={styles.shared}>All have <code>{writeLabels(data.shared)}</code></span>}
            </div>
            {rows.length === 0 ? (
              <p className={styles.empty}>No row contains “{filter}”.</p>
            ) : narrow ? (
              <Cards {...{ data, rows, unit }} />
            ) : (
              <Columns {...{ data, rows, unit, order }} onOrder={setOrder} />
            )}
          </>
        )}
      </div>
    </Panel>
  );
}

function Copies({ rows }: { rows: readonly TableRow[] }) {
  return (
    <span className={styles.copies}>
      <CopyButton word="Copy CSV" text={() => toCsv(rows)} />
      <CopyButton word="Copy JSON" text={() => toJson(rows)} />
    </span>
  );
}

/** A scalar or a string needs no table. */
function LoneValue({ row, unit }: { row: TableRow; unit: Unit }) {
  const number = numberOf(row.value);
  const isText = Number.isNaN(number) && row.value !== "NaN";
  return isText ? <pre className={styles.text}>{row.value}</pre> : <p className={styles.figure}><Value value={row.value} unit={unit} /></p>;
}

/** As people read it, with the exact number where that differs. */
function Value({ value, unit }: { value: string; unit: Unit }) {
  const number = numberOf(value);
  const exact = exactNumber(value, number);
  if (!Number.isFinite(number) || unit === "count") return <span className={styles.value}>{exact}</span>;
  return (
    <span className={styles.value}>
      {format(unit, number)} <span className={styles.exact}>{exact}</span>
    </span>
  );
}

/** All digits with thousands set apart; what is written with an exponent stays so. */
function exactNumber(text: string, number: number): string {
  if (!Number.isFinite(number) || /e/i.test(text)) return text;
  return number.toLocaleString("en", { maximumFractionDigits: 17 });
}

interface RowsProps {
  data: TableData;
  rows: readonly TableRow[];
  unit: Unit;
}

function Columns({ data, rows, unit, order, onOrder }: RowsProps & { order: Order | null; onOrder: (order: Order | null) => void }) {
  const columns = columnsOf(data, unit);
  const grid: CSSProperties = { gridTemplateColumns: columns.map(({ width }) => width).join(" ") };
  const sortedBy = sameColumn(order);
  const cycle = (by: Order["by"]): void => {
    const first = by === "value" || by === "time";
    const same = order !== null && sortedBy(by);
    onOrder(!same ? { by, down: first } : order.down === first ? { by, down: !first } : null);
  };
  const head = (
    <div role="row" className={styles.head} style={grid}>
      {columns.map(({ word, by, numeric }) => (
        <div key={word} role="columnheader" data-numeric={numeric || undefined} aria-sort={sortedBy(by) ? (order?.down ? "descending" : "ascending") : "none"}>
          <button type="button" className={styles.sort} onClick={() => cycle(by)}>
            {word}
            <span aria-hidden="true">{sortedBy(by) ? (order?.down ? " ↓" : " ↑") : ""}</span>
          </button>
        </div>
      ))}
    </div>
  );
  return (
    <div className={styles.frame} style={{ height: HEAD + Math.min(rows.length, TALLEST) * ROW }}>
      <VirtualRows
        role="table"
        label="Results"
        className={styles.rows}
        count={rows.length}
        rowHeight={ROW}
        head={head}
        render={(index) => {
          const row = rows[index] as TableRow;
          return (
            <div key={index} role="row" aria-rowindex={index + 2} className={styles.row} style={grid}>
              {columns.map(({ word, numeric, cell, text }) => (
                <div key={word} role="cell" data-numeric={numeric || undefined} title={text(row)}>{cell(row, unit)}</div>
              ))}
            </div>
          );
        }}
      />
    </div>
  );
}

const sameColumn = (order: Order | null) => (by: Order["by"]): boolean => order !== null && JSON.stringify(order.by) === JSON.stringify(by);

interface Column {
  word: string;
  by: Order["by"];
  width: string;
  numeric: boolean;
  text: (row: TableRow) => string;
  cell: (row: TableRow, unit: Unit) => ReactNode;
}

/** With more labels than this, mostly empty columns would hide the values: then one column tells all of a row's labels. */
const MOST_COLUMNS = 8;

function columnsOf(data: TableData, unit: Unit): Column[] {
  const ofLabel = (label: string): Column => ({
    word: label === "__name__" ? "Metric" : label,
    by: { label },
    width: label === "__name__" ? "minmax(240px, 2fr)" : "minmax(120px, 1fr)",
    numeric: false,
    text: (row) => row.labels[label] ?? "",
    cell: (row) => row.labels[label] ?? "",
  });
  const ownLabels = (row: TableRow): string => writeLabels(Object.fromEntries(data.columns.filter((name) => name in row.labels).map((name) => [name, row.labels[name] as string])));
  const series: Column = { word: "Series", by: "series", width: "minmax(240px, 1fr)", numeric: false, text: ownLabels, cell: ownLabels };
  const mark: Column = { word: "Query", by: "mark", width: "72px", numeric: false, text: (row) => row.mark, cell: (row) => row.mark };
  const time: Column = { word: "Time", by: "time", width: "120px", numeric: true, text: (row) => absoluteTime(row.time), cell: (row) => clockTime(row.time) };
  const value: Column = { word: "Value", by: "value", width: unit === "count" ? "200px" : "270px", numeric: true, text: (row) => row.value, cell: (row, unit) => <Value value={row.value} unit={unit} /> };
  return [...(data.marked ? [mark] : []), ...(data.columns.length > MOST_COLUMNS ? [series] : data.columns.map(ofLabel)), ...(data.timed ? [time] : []), value];
}

/** On a phone a row is a card: its labels above, its value under them. */
function Cards({ data, rows, unit }: RowsProps) {
  return (
    <div className={styles.frame} style={{ height: Math.min(rows.length, TALLEST / 2) * CARD }}>
      <VirtualRows
        role="list"
        label="Results"
        className={styles.rows}
        count={rows.length}
        rowHeight={CARD}
        render={(index) => {
          const row = rows[index] as TableRow;
          const own = Object.fromEntries(data.columns.filter((name) => name in row.labels).map((name) => [name, row.labels[name] as string]));
          const labels = writeLabels(own) || row.mark;
          return (
            <div key={index} role="listitem" className={styles.card}>
              <span className={styles.cardLabels} title={labels}>{data.marked && `${row.mark} `}{labels}</span>
              <span className={styles.cardValue}>{data.timed && <span className={styles.exact}>{clockTime(row.time)}</span>}<Value value={row.value} unit={unit} /></span>
            </div>
          );
        }}
      />
    </div>
  );
}
