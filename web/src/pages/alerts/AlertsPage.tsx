import type { Alert } from "../../api/responses";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { AlertState } from "../../parts/AlertState";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { CheckIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { activeSince, byUrgency, useAlerts } from "../../series/useAlerts";
import styles from "./AlertsPage.module.css";

/** Labels told elsewhere in the row. */
const SHOWN_APART = new Set(["alertname", "severity", "instance"]);

export default function AlertsPage() {
  const { data, error, isPending } = useAlerts();
  const late = useLate(isPending);
  if (!data) return error ? <Failure failure={error} /> : late ? <Placeholder height={120} /> : null;
  const alerts = [...data].sort(byUrgency);
  const active = alerts.filter((alert) => alert.state !== "resolved");
  const resolved = alerts.filter((alert) => alert.state === "resolved");

  return (
    <>
      <h1 className={styles.heading}>Alerts <span className={styles.count}>{active.length === 0 ? "" : `${active.length} active`}</span></h1>
      {active.length === 0 ? <NothingFiring /> : <AlertList name="Alerts" alerts={active} />}
      {resolved.length > 0 && (
        <>
          <h2 className={styles.section}>Recently resolved</h2>
          <AlertList name="Recently resolved" alerts={resolved} />
        </>
      )}
    </>
  );
}

function AlertList({ name, alerts }: { name: string; alerts: readonly Alert[] }) {
  return (
    <ul className={styles.list} aria-label={name}>
      {alerts.map((alert) => <AlertRow key={`${JSON.stringify(alert.labels)} ${alert.activeAt}`} alert={alert} />)}
    </ul>
  );
}

function NothingFiring() {
  return (
    <EmptyState icon={<CheckIcon />} title="Nothing is firing" within>
      <p>
        Two built-in rules watch every host: CPU use above 90 % and memory use above 85 %. An alert stands here as soon
        as one of them is pending.
      </p>
    </EmptyState>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const { alertname, severity, instance } = alert.labels;
  const others = Object.entries(alert.labels).filter(([name]) => !SHOWN_APART.has(name));
  return (
    <li className={styles.alert} data-state={alert.state}>
      <span className={styles.state}>
        <AlertState state={alert.state} />
        {severity && <span className={styles.severity}>{severity}</span>}
      </span>
      <div className={styles.what}>
        <h2 className={styles.name}>{alertname}</h2>
        {alert.annotations.summary && <p>{alert.annotations.summary}</p>}
        {alert.annotations.description && <p className={styles.quiet}>{alert.annotations.description}</p>}
        {alert.reason && <p className={styles.quiet}>Why: {alert.reason.replaceAll("_", " ")}</p>}
        <ul className={styles.labels} aria-label="Labels">
          {others.map(([name, value]) => <li key={name}><code>{name}={value}</code></li>)}
        </ul>
      </div>
      <dl className={styles.facts}>
        {instance && <div><dt>Host</dt><dd><Link to={`/hosts/${encodeURIComponent(instance)}`}>{instance}</Link></dd></div>}
        <div><dt>Value</dt><dd>{format("count", Number(alert.value))}</dd></div>
        <div><dt>{alert.state === "resolved" ? "Began" : "Since"}</dt><dd><Ago time={activeSince(alert)} /></dd></div>
      </dl>
    </li>
  );
}
