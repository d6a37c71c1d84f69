import { useMemo } from "react";
import { Sparkline } from "../../charts/Sparkline";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import { Panel } from "../../parts/Panel";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useNow } from "../../parts/useNow";
import { latest, type Grid } from "../../series/grid";
import { oneOf } from "../../series/selector";
import { useAlerts } from "../../series/useAlerts";
import { useInstantQuery } from "../../series/useInstantQuery";
import { useRangeQueries } from "../../series/useRangeQuery";
import { FLEET, fleetOverTime } from "../hosts/expressions";
import { DISK_LIMITS, judge, SILENT_AFTER, type Limit } from "../hosts/limits";
import { useLimits } from "../hosts/useLimits";
import styles from "./HostRows.module.css";
import page from "./OverviewPage.module.css";

const MOST = 12;
const NO_LIMITS: readonly Limit[] = [];

/** Several hosts, a row each: those with trouble first, and no more than fit a glance. */
export function HostRows({ hosts }: { hosts: readonly string[] }) {
  const now = useNow();
  const reported = useByInstance(FLEET.reportedAt);
  const disk = useByInstance(FLEET.disk);
  const { data: alerts } = useAlerts();
  const limits = useLimits();
  const ranked = useMemo(() => {
    const firing = new Set(alerts?.filter((alert) => alert.state === "firing").map((alert) => alert.labels.instance));
    const weight = (host: string): number => (firing.has(host) ? 2 : 0) + (reported && !reported.has(host) ? 1 : 0);
    return [...hosts].sort((a, b) => weight(b) - weight(a)).slice(0, MOST);
  }, [hosts, alerts, reported]);
  const ask = useMemo(() => {
    const { cpu, memory, received, sent } = fleetOverTime(hosts.length > MOST ? oneOf("instance", [...ranked].sort()) : "");
    return [cpu, memory, received, sent];
  }, [hosts.length, ranked]);
  const [cpu, memory, received, sent] = useRangeQueries(ask).grids.map(valuesOf);

  return (
    <Panel title="Hosts" aside={<Link className={page.more} to="/hosts">{hosts.length > MOST ? `All ${hosts.length} hosts` : "All hosts"}</Link>}>
      <table className={styles.table} aria-label="Hosts">
        <thead>
          <tr>
            <th scope="col">Host</th>
            <th scope="col">CPU</th>
            <th scope="col">Memory</th>
            <th scope="col">Fullest disk</th>
            <th scope="col">Network in</th>
            <th scope="col">Network out</th>
          </tr>
        </thead>
        <tbody>
          {ranked.map((host) => (
            <tr key={host}>
              <th scope="row">
                <Link to={`/hosts/${encodeURIComponent(host)}`} className={styles.name} title={host}>{host}</Link>
                <Report time={reported?.get(host)} known={reported !== null} now={now} />
              </th>
              <Share word="CPU" values={cpu?.get(host)} limits={limits.cpu ? [limits.cpu] : NO_LIMITS} />
              <Share word="Memory" values={memory?.get(host)} limits={limits.memory ? [limits.memory] : NO_LIMITS} />
              <Fill word="Fullest disk" share={disk?.get(host)} />
              <Rate word="Network in" values={received?.get(host)} />
              <Rate word="Network out" values={sent?.get(host)} />
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

type Values = ReadonlyArray<number | null>;

const valuesOf = (grid: Grid | undefined): Map<string, Values> => new Map(grid?.series.map((series) => [series.labels.instance ?? "", series.values]));

function useByInstance(text: string): Map<string, number> | null {
  const { data } = useInstantQuery(text);
  return useMemo(() => (data ? new Map(data.map(({ labels, value }) => [labels.instance ?? "", value])) : null), [data]);
}

/** Quiet while all is well: the word comes with the trouble. */
function Report({ time, known, now }: { time: number | undefined; known: boolean; now: number }) {
  if (!known) return <span className={styles.about} />;
  if (time === undefined) return <span className={styles.about}><StateWord tone="warning">Silent</StateWord></span>;
  return <span className={styles.about}>{now - time > SILENT_AFTER ? <StateWord tone="warning">Silent</StateWord> : <Ago time={time} />}</span>;
}

function Share({ word, values, limits }: { word: string; values: Values | undefined; limits: readonly Limit[] }) {
  const share = values ? latest(values) : null;
  const verdict = share === null ? null : judge(share, limits);
  return <Spark word={word} figure={format("percent", share)} values={values} max={100} tone={verdict?.tone} note={verdict?.tone === "critical" || verdict?.tone === "warning" ? verdict.word : undefined} />;
}

function Rate({ word, values }: { word: string; values: Values | undefined }) {
  return <Spark word={word} figure={format("bytesPerSecond", values ? latest(values) : null)} values={values} />;
}

interface SparkProps {
  word: string;
  figure: string;
  values: Values | undefined;
  max?: number;
  tone?: Tone | undefined;
  note?: string | undefined;
}

function Spark({ word, figure, values, max, tone, note }: SparkProps) {
  return (
    <td data-word={word}>
      <span className={styles.spark} data-tone={tone}>
        <span className={styles.figure} title={note}>{figure}{note && <span className={styles.note}> {note}</span>}</span>
        <Sparkline values={values ?? []} {...(max === undefined ? {} : { max })} />
      </span>
    </td>
  );
}

function Fill({ word, share }: { word: string; share: number | undefined }) {
  const verdict = judge(share ?? null, DISK_LIMITS);
  const trouble = verdict?.tone === "critical" || verdict?.tone === "warning";
  return (
    <td data-word={word}>
      <span className={styles.spark} data-tone={verdict?.tone}>
        <span className={styles.figure}>{format("percent", share)}{trouble && <span className={styles.note}> {verdict.word}</span>}</span>
        <span className={styles.bar} aria-hidden="true"><span style={{ width: `${share ?? 0}%` }} /></span>
      </span>
    </td>
  );
}
