import { useMemo, useState } from "react";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Panel } from "../../parts/Panel";
import { guessUnit } from "../../promql/unit";
import { metricName, type Reported } from "./server";
import styles from "./LatestReport.module.css";

const FEW = 12;
const MOST = 500;

/** The newest value of every series that a server reports. */
export function LatestReport({ reported }: { reported: readonly Reported[] }) {
  const [all, setAll] = useState(false);
  const rows = useMemo(() => reported.map(rowOf).sort((a, b) => a.key.localeCompare(b.key, undefined, { numeric: true })), [reported]);
  return (
    <Panel title="Latest values" note={rows.length > MOST && all ? `the first ${MOST} of ${rows.length}` : undefined}>
      <table className={styles.table} aria-label="Latest values">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Labels</th>
            <th scope="col">Value</th>
            <th scope="col">When</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, all ? MOST : FEW).map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.metric}</th>
              <td>{row.labels}</td>
              <td title={row.exact}>{row.value}</td>
              <td><Ago time={row.time} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > FEW && <button type="button" className={styles.more} onClick={() => setAll(!all)}>{all ? `Show the first ${FEW}` : `Show all ${rows.length}`}</button>}
    </Panel>
  );
}

interface Row {
  key: string;
  metric: string;
  labels: string;
  value: string;
  exact: string;
  time: number;
}

function rowOf(reported: Reported): Row {
  const { labels, value, timestamp } = reported;
  const metric = metricName(reported);
  const own = Object.entries(labels).map(([name, text]) => `${name}=${text}`).join(", ");
  const figure = typeof value === "number" ? format(guessUnit(metric), value) : value;
  return { key: `${metric} ${own}`, metric, labels: own, value: figure, exact: String(value), time: Date.parse(timestamp) / 1000 };
}
