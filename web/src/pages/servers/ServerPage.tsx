import { useMemo } from "react";
import { QueryChart } from "../../charts/QueryChart";
import type { TimeMark } from "../../charts/marks";
import { Ago } from "../../parts/Ago";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { ServerIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useNow } from "../../parts/useNow";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { select } from "../../series/selector";
import { activeSince, byUrgency, useAlerts } from "../../series/useAlerts";
import { lengthOf } from "../../time/range";
import { stepFor } from "../../time/step";
import { useTimeRange } from "../../time/useTimeRange";
import { Visible } from "../dashboards/Visible";
import { HostAlerts } from "../hosts/HostAlerts";
import { LatestReport } from "./LatestReport";
import { metricsOf, seenAt, SERVER_SILENT_AFTER, verdictOn, type Reported, type Server } from "./server";
import { Commands, reportCommand } from "./Commands";
import styles from "./ServerPage.module.css";
import { useReported, useServers } from "./useServers";

/** One server: who it is, the latest of all it reports, and how that has been. */
export function ServerPage({ hostname }: { hostname: string }) {
  const { data, error, isPending } = useServers();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const server = data?.find((one) => one.hostname === hostname || one.id === hostname);
  if (!data) return failure ? <Failure failure={failure} /> : late ? <Placeholder height={320} /> : null;
  if (!server) {
    return (
      <EmptyState icon={<ServerIcon />} title="This server is not registered">
        <p>No server called <code>{hostname}</code> is. It may be misspelt, or it was removed. <Link to="/servers">All servers</Link></p>
      </EmptyState>
    );
  }
  return <KnownServer server={server} />;
}

function KnownServer({ server }: { server: Server }) {
  const { data: alerts } = useAlerts();
  const reported = useReported(server.id);
  const late = useLate(reported.isPending);
  const own = useMemo(() => (alerts ?? []).filter(({ labels }) => labels.server_id === server.id || labels.hostname === server.hostname).sort(byUrgency), [alerts, server.id, server.hostname]);
  const marks = useMemo<TimeMark[]>(() => own.map((alert) => ({ time: activeSince(alert), label: alert.labels.alertname ?? "Alert", tone: alert.state })), [own]);
  return (
    <>
      <Head server={server} />
      <HostAlerts alerts={own.filter((alert) => alert.state !== "resolved")} of="server" />
      {!reported.data ? (
        reported.error ? <Failure failure={reported.error} compact /> : late && <Placeholder height={320} />
      ) : reported.data.length === 0 ? (
        <div className={styles.silent}>
          <EmptyState icon={<ServerIcon />} title="Registered, but without a report" within>
            <p>Its metrics appear here with the first <code>POST /api/v1/ingest</code> that carries the server id <code>{server.id}</code>:</p>
          </EmptyState>
          <Commands text={reportCommand(location.origin, server.id)} label="Command for a first report" />
        </div>
      ) : (
        <Metrics server={server} reported={reported.data} marks={marks} />
      )}
    </>
  );
}

function Head({ server }: { server: Server }) {
  const now = useNow();
  const verdict = verdictOn(server, now);
  const seen = seenAt(server);
  const labels = Object.entries(server.labels);
  return (
    <header className={styles.head}>
      <h1>{server.hostname}</h1>
      <StateWord tone={verdict.tone}>{verdict.word}</StateWord>
      <p className={styles.facts}>
        {server.ip_address && <span>{server.ip_address}</span>}
        {server.os && <span>{server.os}</span>}
        {server.agent_version && <span>agent {server.agent_version}</span>}
        {seen !== null && <span>last report <Ago time={seen} /></span>}
        <span>registered <Ago time={Date.parse(server.created_at) / 1000} /></span>
        <span>id <code>{server.id}</code></span>
      </p>
      {labels.length > 0 && <ul className={styles.labels} aria-label="Labels">{labels.map(([name, value]) => <li key={name}><code>{name}={value}</code></li>)}</ul>}
    </header>
  );
}

interface MetricsProps {
  server: Server;
  reported: readonly Reported[];
  marks: readonly TimeMark[];
}

/** Roughly what a chart with its legend takes, before it is drawn. */
const CHART_HEIGHT = 300;

function Metrics({ server, reported, marks }: MetricsProps) {
  const { range } = useTimeRange();
  const metrics = useMemo(() => metricsOf(reported), [reported]);
  // A server may report as rarely as it likes until it is called silent: a rate must reach that far back.
  const window = `${Math.max(SERVER_SILENT_AFTER, 4 * stepFor(lengthOf(range)))}s`;
  return (
    <>
      <LatestReport reported={reported} />
      <div className={styles.grid}>
        {metrics.map(({ name, labels }) => {
          const metric = select(name, { server_id: server.id });
          const counts = name.endsWith("_total");
          const legend = labels.map((label) => `${label}={{${label}}}`).join(" ") || name;
          return (
            <Visible key={name} height={CHART_HEIGHT}>
              <QueryChart title={name} note={counts ? "per second" : undefined} queries={[{ expr: counts ? `rate(${metric}[${window}])` : metric, legend }]} marks={marks} legendRows={3} empty="No samples in this time range." />
            </Visible>
          );
        })}
      </div>
    </>
  );
}
