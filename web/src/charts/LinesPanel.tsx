import { useComputedColorScheme } from "@mantine/core";
import { useCallback, useMemo, useRef, useState, type MouseEvent } from "react";
import { ApiFailure } from "../api/failure";
import { Failure } from "../parts/Failure";
import { Panel } from "../parts/Panel";
import { Placeholder } from "../parts/Placeholder";
import { StateWord } from "../parts/StateWord";
import { useLate } from "../parts/useLate";
import { fullName, type Line, type Lines } from "../series/lines";
import { goBackInTime, useTimeRange } from "../time/useTimeRange";
import { Chart } from "./Chart";
import { Legend, ROW_HEIGHT } from "./Legend";
import styles from "./LinesPanel.module.css";
import type { Threshold, TimeMark, TimeShade } from "./marks";
import { latest } from "../series/grid";
import { isNothing, summarise } from "./summary";
import { useChartHeight } from "./useChartHeight";
import { format, type Unit } from "./units";

export interface LinesPanelProps {
  title: string;
  note?: string | undefined;
  unit: Unit;
  /** Null while the parts do not fit together yet: what was drawn stays. */
  lines: Lines | null;
  /** Nothing is known yet; still of the range before; why there is nothing new. */
  pending: boolean;
  outdated: boolean;
  failure: Error | null;
  /** Names in the order of stacking and of the legend; others follow, and at the end what is zero throughout. */
  order?: readonly string[] | undefined;
  stacked?: boolean | undefined;
  logarithmic?: boolean | undefined;
  axisMax?: number | undefined;
  thresholds?: readonly Threshold[] | undefined;
  marks?: readonly TimeMark[] | undefined;
  namedMarks?: boolean | undefined;
  shades?: readonly TimeShade[] | undefined;
  /** Whether the value axis reaches the thresholds. */
  reachesThresholds?: boolean | undefined;
  legendRows?: number | undefined;
  /** Pixels of the chart with its time axis; by default what the screen allows. */
  height?: number | undefined;
  empty: string;
}

/** More lines than this are a thicket: the largest are drawn, the rest on demand. */
const MOST_LINES = 50;

/** Even on demand no more than this: a canvas of thousands of lines says nothing and stands still. */
const MOST_ON_DEMAND = 1_000;

/** A titled chart of lines that are there already, with its legend, in space that is reserved from the first moment. */
export function LinesPanel(props: LinesPanelProps) {
  const { title, note, unit, order, stacked, logarithmic, axisMax, thresholds, marks, namedMarks, shades, reachesThresholds, legendRows = 4, empty } = props;
  const scheme = useComputedColorScheme("light");
  const [cursor, setCursor] = useState<number | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [isolated, setIsolated] = useState<ReadonlySet<string>>(new Set());
  const [everything, setEverything] = useState(false);
  const late = useLate(props.pending);
  const outdated = useLate(props.outdated);

  const drawn = useRef<Lines>({ times: [], lines: [] });
  if (props.lines) drawn.current = props.lines;
  const { times, lines: found } = drawn.current;
  const ordered = useMemo(() => arrange(found, order), [found, order]);
  const lines = useMemo(() => largest(ordered, everything ? MOST_ON_DEMAND : MOST_LINES), [ordered, everything]);
  const hidden = useMemo(() => {
    const kept = lines.filter((line) => isolated.has(line.key));
    return new Set(kept.length === 0 ? [] : lines.filter((line) => !isolated.has(line.key)).map((line) => line.key));
  }, [lines, isolated]);

  const isolate = useCallback((key: string, add: boolean) => {
    setIsolated((old) => {
      if (!add) return old.size === 1 && old.has(key) ? new Set() : new Set([key]);
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);

  const usual = useChartHeight();
  const height = props.height ?? usual;
  const space = height + (legendRows + 1) * ROW_HEIGHT;
  return (
    <Panel
      title={title}
      note={note}
      aside={
        <span className={styles.aside}>
          {props.failure && lines.length > 0 && <NotUpdating failure={props.failure} />}
          {ordered.length > MOST_LINES && (
            <>
              {lines.length === ordered.length ? `All ${ordered.length} series` : `Largest ${lines.length} of ${ordered.length}`}
              <button type="button" className={styles.more} onClick={() => setEverything(!everything)}>
                {everything ? `Show ${MOST_LINES}` : ordered.length > MOST_ON_DEMAND ? `Show ${MOST_ON_DEMAND}` : "Show all"}
              </button>
            </>
          )}
        </span>
      }
    >
      <div className={styles.body} style={{ minHeight: space }} data-outdated={outdated || undefined} onDoubleClick={backFromZoom}>
        {lines.length > 0 ? (
          <>
            <Chart
              description={describe(title, lines, unit)}
              {...{ height, times, lines, unit, stacked, logarithmic, axisMax, thresholds, marks, namedMarks, shades, reachesThresholds, hidden, focused }}
              onCursor={setCursor}
            />
            <Legend {...{ title, lines, times, unit, scheme, hidden, cursor }} rows={legendRows} onIsolate={isolate} onFocus={setFocused} />
          </>
        ) : props.failure ? (
          <Failure failure={props.failure} compact />
        ) : props.pending ? (
          late && <Placeholder height={space - 8} />
        ) : (
          <NothingHere height={space} reason={empty} />
        )}
      </div>
    </Panel>
  );
}

/** A double click goes back, whether there is a chart, nothing, or a change from one to the other; on the legend it is two clicks. */
function backFromZoom(event: MouseEvent<HTMLElement>): void {
  if (!(event.target as Element).closest("button, [role=table]")) goBackInTime();
}

/** The figures in sight are old because this chart's query is refused; the whole server being gone is said elsewhere. */
function NotUpdating({ failure }: { failure: Error }) {
  if (failure instanceof ApiFailure && failure.kind === "unreachable") return null;
  const code = failure instanceof ApiFailure ? ` (${failure.code})` : "";
  return (
    <span title={`${failure.message}${code}`}>
      <StateWord tone="warning">Not updating</StateWord>
    </span>
  );
}

/** Either the host has no such thing, or the stretch of time that was chosen holds nothing: then there is a way back. */
function NothingHere({ height, reason }: { height: number; reason: string }) {
  const { range } = useTimeRange();
  return (
    <div className={styles.empty} style={{ height }}>
      {range.kind === "last" ? (
        <p>{reason}</p>
      ) : (
        <>
          <p>No samples in this time range.</p>
          <button type="button" className={styles.more} onClick={goBackInTime}>Back to the range before</button>
        </>
      )}
    </div>
  );
}

function arrange(lines: readonly Line[], order: readonly string[] | undefined): Line[] {
  const place = (line: Line): number => {
    const at = order?.indexOf(line.name) ?? -1;
    return at < 0 ? Infinity : at;
  };
  const idle = new Set(lines.filter((line) => isNothing(line.values)));
  return [...lines].sort((a, b) => (Number(idle.has(a)) - Number(idle.has(b))) || (place(a) - place(b) || 0) || fullName(a).localeCompare(fullName(b), undefined, { numeric: true }));
}

function largest(lines: Line[], most: number): Line[] {
  if (lines.length <= most) return lines;
  const peaks = new Map(lines.map((line) => [line.key, summarise(line.values).max ?? -Infinity]));
  return [...lines].sort((a, b) => (peaks.get(b.key) as number) - (peaks.get(a.key) as number)).slice(0, most);
}

function describe(title: string, lines: readonly Line[], unit: Unit): string {
  const first = lines.slice(0, 4).map((line) => `${fullName(line)} ${format(unit, latest(line.values))}`);
  return `${title} over time. Latest: ${first.join(", ")}${lines.length > 4 ? `, and ${lines.length - 4} more` : ""}.`;
}
