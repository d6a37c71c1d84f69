import { useDebouncedValue } from "@mantine/hooks";
import { useMemo } from "react";
import { QueryChart } from "../../charts/QueryChart";
import { Sparkline } from "../../charts/Sparkline";
import { format, type Unit } from "../../charts/units";
import { Failure } from "../../parts/Failure";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { nameSeries } from "../../promql/names";
import { guessUnit } from "../../promql/unit";
import { latest } from "../../series/grid";
import { useInstantResults } from "../../series/useInstantResults";
import { useRangeResults } from "../../series/useRangeQuery";
import { ROW, type PanelQuery, type PanelSpec } from "./dashboard";
import styles from "./PanelView.module.css";
import { substitute } from "./variables";

/** Of the legend of a chart, and of everything around the chart itself. */
const LEGEND_ROWS = 4;
const CHART_FRAME = 170;
const SMALLEST_CHART = 96;
const MOST_ROWS = 200;
const PAUSE_MS = 400;
const MOST_FIGURES = 8;

/** How high a panel is, in pixels, whatever it holds. */
export function heightOf(panel: PanelSpec): number {
  const own = panel.kind === "stat" ? 3 : 9;
  return Math.max(panel.kind === "chart" ? SMALLEST_CHART + CHART_FRAME : 88, (panel.height || own) * ROW);
}

interface PanelViewProps {
  panel: PanelSpec;
  values: Readonly<Record<string, string>>;
}

/** A panel with what its queries give, over the page's time range. */
export function PanelView({ panel, values }: PanelViewProps) {
  // While a query is being typed it is asked when one pauses.
  const [written] = useDebouncedValue(panel.queries, PAUSE_MS);
  const queries = useMemo(
    () => written.filter((query) => query.expr.trim()).map((query) => ({ ...query, expr: substitute(query.expr, values) })),
    [written, values],
  );
  // Names that are written out stack as they are written, from the first at the bottom.
  const order = useMemo(() => queries.map((query) => query.legend), [queries]);
  const title = substitute(panel.title, values) || "Untitled";
  if (queries.length === 0) return <Panel title={title}><p className={styles.nothing} style={{ height: heightOf(panel) - 50 }}>No query yet.</p></Panel>;
  if (panel.kind === "stat") return <Stat {...{ panel, title, queries }} />;
  if (panel.kind === "table") return <Table {...{ panel, title, queries }} />;
  return (
    <QueryChart
      title={title}
      note={panel.description}
      queries={queries}
      order={order}
      unit={unitOf(panel)}
      stacked={panel.stacked}
      axisMax={panel.max ?? undefined}
      legendRows={LEGEND_ROWS}
      height={heightOf(panel) - CHART_FRAME}
      empty="No samples for this query."
    />
  );
}

const unitOf = (panel: PanelSpec): Unit | null => (panel.unit === "auto" ? null : panel.unit);

interface KindProps {
  panel: PanelSpec;
  title: string;
  queries: readonly PanelQuery[];
}

/** The latest figure of each series, large, with the shape of how it came there. */
function Stat({ panel, title, queries }: KindProps) {
  const results = useRangeResults(queries.map((query) => query.expr), null);
  const pending = results.some((result) => result.pending);
  const late = useLate(pending);
  const names = nameSeries(queries.map((query, at) => ({ mark: String.fromCharCode(65 + at), expr: query.expr, legend: query.legend, labels: results[at]?.grid?.series.map((series) => series.labels) ?? [] })));
  const figures = results.flatMap((result, at) =>
    (result.grid?.series ?? []).map((series, i) => ({ name: names[at]?.[i] ?? "", values: series.values, value: latest(series.values), unit: unitOf(panel) ?? guessUnit(queries[at]?.expr ?? "") })),
  );
  const shown = figures.slice(0, MOST_FIGURES);
  const failure = results.find((result) => result.failure)?.failure;
  return (
    <Panel title={title} note={panel.description}>
      <div className={styles.stats} style={{ minHeight: heightOf(panel) - 50 }} data-alone={shown.length === 1 || undefined}>
        {shown.length === 0 ? (
          failure ? <Failure failure={failure} compact /> : pending ? late && <Placeholder height={48} /> : <p className={styles.nothing}>No samples for this query.</p>
        ) : (
          shown.map((one, at) => (
            <div key={`${at} ${one.name}`} className={styles.stat}>
              <span className={styles.figure}>{format(one.unit, one.value)}</span>
              {(figures.length > 1 || queries[0]?.legend) && <span className={styles.name} title={one.name}>{one.name}</span>}
              <span className={styles.spark}><Sparkline values={one.values} {...(panel.max === null ? {} : { max: panel.max })} /></span>
            </div>
          ))
        )}
        {figures.length > shown.length && <p className={styles.more}>and {figures.length - shown.length} more; a table shows all</p>}
      </div>
    </Panel>
  );
}

/** The latest figures as rows, the largest first. */
function Table({ panel, title, queries }: KindProps) {
  const results = useInstantResults(queries.map((query) => query.expr));
  const pending = results.some((result) => result.pending);
  const late = useLate(pending);
  const failure = results.find((result) => result.failure)?.failure;
  const found = results.map((outcome) => (outcome.result?.resultType === "vector" ? outcome.result.result : []));
  const names = nameSeries(queries.map((query, at) => ({ mark: String.fromCharCode(65 + at), expr: query.expr, legend: query.legend, labels: found[at]?.map((one) => one.metric) ?? [] })));
  const rows = found.flatMap((series, at) => series.map((one, i) => ({ name: names[at]?.[i] ?? "", value: Number(one.value[1]), unit: unitOf(panel) ?? guessUnit(queries[at]?.expr ?? "") })));
  rows.sort((a, b) => b.value - a.value || a.name.localeCompare(b.name));
  const height = heightOf(panel) - 50;
  const largest = Math.max(0, ...rows.map((row) => row.value));
  return (
    <Panel title={title} note={panel.description}>
      <div className={styles.rows} style={{ height }} tabIndex={rows.length > 0 ? 0 : undefined} role={rows.length > 0 ? "group" : undefined} aria-label={rows.length > 0 ? `${title}: rows` : undefined}>
        {rows.length === 0 ? (
          failure ? <Failure failure={failure} compact /> : pending ? late && <Placeholder height={height - 8} /> : <p className={styles.nothing} style={{ height }}>No samples for this query.</p>
        ) : (
          <table className={styles.table}>
            <tbody>
              {rows.slice(0, MOST_ROWS).map((row, at) => (
                <tr key={`${at} ${row.name}`}>
                  <th scope="row" title={row.name}>{row.name}</th>
                  <td className={styles.share} aria-hidden="true"><span style={{ width: `${largest > 0 ? Math.max(0, (100 * row.value) / largest) : 0}%` }} /></td>
                  <td>{format(row.unit, row.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {rows.length > MOST_ROWS && <p className={styles.more}>The largest {MOST_ROWS} of {rows.length}; topk() in the query chooses others.</p>}
      </div>
    </Panel>
  );
}
