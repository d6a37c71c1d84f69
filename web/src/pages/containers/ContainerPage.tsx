import { useMemo } from "react";
import { ApiFailure } from "../../api/failure";
import { QueryChart, type ChartQuery } from "../../charts/QueryChart";
import type { Threshold, TimeMark } from "../../charts/marks";
import { format, type Unit } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Failure } from "../../parts/Failure";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { select } from "../../series/selector";
import { activeSince, byUrgency, useAlerts } from "../../series/useAlerts";
import { lengthOf } from "../../time/range";
import { rateWindow, stepFor } from "../../time/step";
import { useTimeRange } from "../../time/useTimeRange";
import { HostAlerts } from "../hosts/HostAlerts";
import { lacksNetwork, verdictOf, type Container } from "./container";
import styles from "./ContainerPage.module.css";
import { useContainers } from "./useContainers";

/** One container: what it is, what is wrong with it, and how it has been doing. Its past is there when it or its engine is gone, too. */
export function ContainerPage({ name }: { name: string }) {
  const { data, error, isPending } = useContainers(true);
  const late = useLate(isPending);
  const { data: alerts } = useAlerts();
  const container = data?.find((one) => one.name === name);
  const own = useMemo(() => (alerts ?? []).filter((alert) => alert.labels.name === name && alert.labels.id).sort(byUrgency), [alerts, name]);
  const marks = useMemo<TimeMark[]>(() => own.map((alert) => ({ time: activeSince(alert), label: alert.labels.alertname ?? "Alert", tone: alert.state })), [own]);
  if (isPending) return late ? <Placeholder height={320} /> : null;
  const noEngine = error instanceof ApiFailure && error.code === "unavailable";
  if (error && !data && !noEngine) return <Failure failure={error} />;
  return (
    <>
      {container ? <Head container={container} /> : <Absent name={name} problem={error && !data ? error.message : null} />}
      <HostAlerts alerts={own.filter((alert) => alert.state !== "resolved")} of="container" />
      <Charts name={name} container={container} marks={marks} />
    </>
  );
}

/** A container that is not there, or of which the engine says nothing. */
function Absent({ name, problem }: { name: string; problem: string | null }) {
  return (
    <header className={styles.head}>
      <h1>{name}</h1>
      <StateWord tone="neutral">{problem === null ? "Gone" : "Unknown"}</StateWord>
      <p className={styles.facts}>
        <span>{problem ?? "No container of this name is there now."}</span>
        <span>What is stored of it stands below. <Link to="/containers">All containers</Link></span>
      </p>
    </header>
  );
}

function Head({ container }: { container: Container }) {
  const verdict = verdictOf(container);
  const began = Date.parse(container.started_at ?? "") / 1000;
  const labels = Object.entries(container.labels);
  return (
    <header className={styles.head}>
      <h1>{container.name}</h1>
      <span title={container.status}><StateWord tone={verdict.tone}>{verdict.word}</StateWord></span>
      <p className={styles.facts}>
        <span>{container.image}</span>
        <span title={container.id}>{container.id.slice(0, 12)}</span>
        {container.state === "running" && began > 0 && <span>started <Ago time={began} /></span>}
        <span>{container.restarts === 1 ? "1 restart" : `${container.restarts} restarts`}</span>
        {container.cpu_limit !== null && <span>{format("count", container.cpu_limit)} CPUs</span>}
        {container.memory_limit_bytes !== null && <span>{format("bytes", container.memory_limit_bytes)} memory</span>}
        {lacksNetwork(container) && <span>no network of its own</span>}
        <span>Alerts: CPU {container.cpu_threshold === null ? "off" : `above ${container.cpu_threshold} %`}, memory {container.memory_threshold === null ? "off" : `above ${container.memory_threshold} %`} of the limit</span>
      </p>
      {labels.length > 0 && (
        <details className={styles.labels}>
          <summary>{labels.length === 1 ? "1 label" : `${labels.length} labels`}</summary>
          <ul>{labels.map(([label, value]) => <li key={label}><code>{label}={value}</code></li>)}</ul>
        </details>
      )}
    </header>
  );
}

interface ChartsProps {
  name: string;
  container: Container | undefined;
  marks: readonly TimeMark[];
}

function Charts({ name, container, marks }: ChartsProps) {
  const { range } = useTimeRange();
  const window = rateWindow(stepFor(lengthOf(range)));
  const of = (metric: string): string => select(metric, { name });
  const rate = (metric: string, by = ""): string => `sum by (${by || "name"}) (rate(${of(metric)}[${window}]))`;
  const { cpu_limit: cpus = null, memory_limit_bytes: memory = null, cpu_threshold: cpuThreshold = null, memory_threshold: memoryThreshold = null } = container ?? {};
  const cpuLines = useMemo(() => line(cpuThreshold, cpus === null ? null : cpus), [cpuThreshold, cpus]);
  const memoryLines = useMemo(() => [...limitLine(memory), ...line(memoryThreshold, memory === null ? null : memory / 100)], [memoryThreshold, memory]);
  const chart = (title: string, unit: Unit, queries: ChartQuery[], extra: { note?: string; thresholds?: Threshold[]; axisMax?: number; empty?: string } = {}) => (
    <QueryChart empty="No samples of this container in this time range." {...{ title, unit, queries, marks }} {...extra} legendRows={3} />
  );
  return (
    <div className={styles.grid}>
      {chart("CPU", "percent", [{ expr: of("container_cpu_percent"), legend: "in use" }], { note: "100 % is one core", thresholds: cpuLines })}
      {chart("Memory", "bytes", [{ expr: of("container_memory_working_set_bytes"), legend: "working set" }, { expr: of("container_memory_cache"), legend: "page cache" }], { thresholds: memoryLines })}
      {!(container && lacksNetwork(container)) && chart("Network", "bytesPerSecond", [{ expr: rate("container_network_receive_bytes_total", "interface"), legend: "{{interface}} received" }, { expr: rate("container_network_transmit_bytes_total", "interface"), legend: "{{interface}} sent" }], { empty: "No traffic in this time range." })}
      {chart("Disk traffic", "bytesPerSecond", [{ expr: rate("container_fs_reads_bytes_total"), legend: "read" }, { expr: rate("container_fs_writes_bytes_total"), legend: "written" }], { empty: "Nothing was read from a disk or written to one in this time range." })}
      {chart("Held back by the CPU limit", "percent", [{ expr: `100 * ${rate("container_cpu_cfs_throttled_periods_total")} / ${rate("container_cpu_cfs_periods_total")}`, legend: "of its periods" }], { axisMax: 100, empty: "This container has no CPU limit that could hold it back." })}
      {chart("Restarts", "count", [{ expr: of("container_restarts_total"), legend: "since it was made" }])}
    </div>
  );
}

/** An alert's threshold in the unit of a chart, where one percent of the limit is so much. */
function line(threshold: number | null, perPercent: number | null): Threshold[] {
  return threshold === null || perPercent === null ? [] : [{ value: threshold * perPercent, label: `Alert above ${threshold} % of its limit`, tone: "warning" }];
}

/** All the memory that a container may use. */
const limitLine = (bytes: number | null): Threshold[] => (bytes === null ? [] : [{ value: bytes, label: `Limit ${format("bytes", bytes)}`, tone: "neutral" }]);
