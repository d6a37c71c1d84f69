import { useMemo, useState } from "react";
import { fullName, type Line } from "../series/lines";
import { clockTime } from "../time/words";
import styles from "./Legend.module.css";
import { colourOf, type Scheme } from "./palette";
import { summarise, type Summary } from "./summary";
import { format, type Unit } from "./units";

export const ROW_HEIGHT = 24;

type Column = "name" | keyof Summary;
const COLUMNS: ReadonlyArray<readonly [Column, string]> = [
  ["name", "Series"],
  ["last", "Last"],
  ["min", "Min"],
  ["max", "Max"],
  ["mean", "Mean"],
];

interface LegendProps {
  title: string;
  lines: readonly Line[];
  times: readonly number[];
  unit: Unit;
  scheme: Scheme;
  /** Rows of reserved space; more rows scroll. */
  rows: number;
  hidden: ReadonlySet<string>;
  cursor: number | null;
  onIsolate: (key: string, add: boolean) => void;
  onFocus: (key: string | null) => void;
}

/** The legend as a table; only the rows in sight exist, so five hundred series cost what five do. */
export function Legend(props: LegendProps) {
  const { title, lines, times, unit, scheme, rows, hidden, cursor, onIsolate, onFocus } = props;
  const [order, setOrder] = useState<{ by: Column; down: boolean } | null>(null);
  const [top, setTop] = useState(0);
  const summaries = useMemo(() => new Map(lines.map((line) => [line.key, summarise(line.values)])), [lines]);
  const sorted = useMemo(() => (order ? sortLines(lines, summaries, order) : lines), [lines, summaries, order]);
  const moment = cursor === null ? undefined : times[cursor];

  const first = Math.max(0, Math.floor(top / ROW_HEIGHT) - 2);
  const seen = sorted.slice(first, first + rows + 5);
  const sortBy = (by: Column): void =>
    setOrder((old) => (old?.by !== by ? { by, down: by !== "name" } : old.down === (by !== "name") ? { by, down: !old.down } : null));

  return (
    <div className={styles.legend} role="table" aria-label={`${title}: series`} aria-rowcount={lines.length + 1} onMouseLeave={() => onFocus(null)}>
      <div className={styles.row} role="row">
        {COLUMNS.map(([column, word]) => (
          <div key={column} role="columnheader" aria-sort={order?.by === column ? (order.down ? "descending" : "ascending") : "none"} data-column={column}>
            <button type="button" className={styles.head} onClick={() => sortBy(column)}>
              {column === "last" && moment !== undefined ? clockTime(moment) : word}
              <span aria-hidden="true">{order?.by === column ? (order.down ? " ↓" : " ↑") : ""}</span>
            </button>
          </div>
        ))}
      </div>
      {/* The scrolling box takes the keyboard only when there is something to scroll to. */}
      <div
        className={styles.body}
        role="rowgroup"
        style={{ height: rows * ROW_HEIGHT }}
        tabIndex={sorted.length > rows ? 0 : undefined}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <div role="presentation" style={{ height: first * ROW_HEIGHT }} />
        {seen.map((line, i) => {
          const summary = summaries.get(line.key);
          const value = cursor === null ? summary?.last : line.values[cursor];
          return (
            <div
              key={line.key}
              className={styles.row}
              role="row"
              aria-rowindex={first + i + 2}
              data-off={hidden.has(line.key) || undefined}
              onMouseEnter={() => onFocus(line.key)}
            >
              <div role="rowheader" data-column="name">
                <button
                  type="button"
                  className={styles.name}
                  title={fullName(line)}
                  aria-pressed={!hidden.has(line.key)}
                  onClick={(event) => onIsolate(line.key, event.ctrlKey || event.metaKey || event.shiftKey)}
                  onFocus={() => onFocus(line.key)}
                  onBlur={() => onFocus(null)}
                >
                  <span className={styles.swatch} style={{ background: colourOf(line.slot, scheme) }} />
                  <span className={styles.text}>{line.name}</span>
                  {line.aspect && <span>{line.aspect}</span>}
                </button>
              </div>
              <div role="cell" data-column="last">{format(unit, value)}</div>
              <div role="cell" data-column="min">{format(unit, summary?.min)}</div>
              <div role="cell" data-column="max">{format(unit, summary?.max)}</div>
              <div role="cell" data-column="mean">{format(unit, summary?.mean)}</div>
            </div>
          );
        })}
        <div role="presentation" style={{ height: Math.max(0, sorted.length - first - seen.length) * ROW_HEIGHT }} />
      </div>
    </div>
  );
}

function sortLines(lines: readonly Line[], summaries: Map<string, Summary>, order: { by: Column; down: boolean }): Line[] {
  const sign = order.down ? -1 : 1;
  const { by } = order;
  if (by === "name") return [...lines].sort((a, b) => sign * fullName(a).localeCompare(fullName(b), undefined, { numeric: true }));
  const value = (line: Line): number => summaries.get(line.key)?.[by] ?? -Infinity;
  return [...lines].sort((a, b) => sign * (value(a) - value(b)));
}
