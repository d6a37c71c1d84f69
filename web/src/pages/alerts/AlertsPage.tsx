import type { Alert, Rule } from "../../api/responses";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { AlertState } from "../../parts/AlertState";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { AlertIcon, CheckIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { activeSince, byUrgency, useAlerts } from "../../series/useAlerts";
import { useRules } from "../../series/useRules";
import styles from "./AlertsPage.module.css";
import { Rules } from "./Rules";
import { Timeline } from "./Timeline";

/** Labels told elsewhere in the row. */
const SHOWN_APART = new Set(["alertname", "severity", "instance"]);

export default function AlertsPage() {
  const { data, error, isPending } = useAlerts();
  const rules = useRules(true);
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  if (!data) {
    return (
      <>
        <h1 className={styles.heading}>Alerts</h1>
        {failure ? <Failure failure={failure} compact /> : late ? <Placeholder height={120} /> : null}
      </>
    );
  }
  const alerts = [...data].sort(byUrgency);
  const active = alerts.filter((alert) => alert.state !== "resolved");
  const resolved = alerts.filter((alert) => alert.state === "resolved");

  return (
    <div className={styles.page}>
      <h1 className={styles.heading}>Alerts <span className={styles.count}>{active.length === 0 ? "" : `${active.length} active`}</span></h1>
      {active.length === 0 ? <NothingFiring rules={rules.data} /> : <AlertList name="Alerts" alerts={active} />}
      {resolved.length > 0 && (
        <>
          <h2 className={styles.section}>Recently resolved</h2>
          <AlertList name="Recently resolved" alerts={resolved} />
        </>
      )}
      <h2 className={styles.section}>Timeline</h2>
      <Timeline />
      <h2 className={styles.section}>Rules</h2>
      <Rules {...{ rules: rules.data, failure: rules.error, pending: rules.isPending }} />
    </div>
  );
}

function AlertList({ name, alerts }: { name: string; alerts: readonly Alert[] }) {
  return (
    <ul className={styles.list} aria-label={name}>
      {alerts.map((alert) => <AlertRow key={`${JSON.stringify(alert.labels)} ${alert.activeAt}`} alert={alert} />)}
    </ul>
  );
}

/** All is well only as far as the rules can be evaluated. */
function NothingFiring({ rules }: { rules: readonly Rule[] | undefined }) {
  const failing = rules?.filter((rule) => rule.health === "err").length ?? 0;
  return failing > 0 ? (
    <EmptyState icon={<AlertIcon />} title={`Nothing is firing, but ${failing === 1 ? "a rule fails" : `${failing} rules fail`}`} within>
      <p>What it watches is not known until it can be evaluated again. Below stands why it fails.</p>
    </EmptyState>
  ) : (
    <EmptyState icon={<CheckIcon />} title="Nothing is firing" within>
      <p>An alert stands here as soon as the condition of one of the rules below holds.</p>
    </EmptyState>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const { alertname, severity, instance, id, name } = alert.labels;
  const container = id && name ? name : null;
  const apart = container ? new Set([...SHOWN_APART, "id", "name"]) : SHOWN_APART;
  const others = Object.entries(alert.labels).filter(([label]) => !apart.has(label));
  return (
    <li className={styles.alert} data-state={alert.state}>
      <span className={styles.state}>
        <AlertState state={alert.state} />
        {severity && <span className={styles.severity}>{severity}</span>}
      </span>
      <div className={styles.what}>
        <h2 className={styles.name}>{alertname}</h2>
        {alert.annotations.summary && <p>{alert.annotations.summary}</p>}
        {alert.annotations.description && alert.state !== "resolved" && <p className={styles.quiet}>{alert.annotations.description}</p>}
        {alert.reason && <p className={styles.quiet}>Why: {alert.reason.replaceAll("_", " ")}</p>}
        {others.length > 0 && (
          <ul className={styles.labels} aria-label="Labels">
            {others.map(([name, value]) => <li key={name}><code>{name}={value}</code></li>)}
          </ul>
        )}
      </div>
      <dl className={styles.facts}>
        {container && <div><dt>Container</dt><dd><Link to={`/containers/${encodeURIComponent(container)}`} title={id}>{container}</Link></dd></div>}
        {instance && <div><dt>Host</dt><dd><Link to={`/hosts/${encodeURIComponent(instance)}`}>{instance}</Link></dd></div>}
        <div><dt>Value</dt><dd>{format("count", Number(alert.value))}</dd></div>
        <div><dt>{alert.state === "resolved" ? "Began" : "Since"}</dt><dd><Ago time={activeSince(alert)} /></dd></div>
        {alert.state === "resolved" && alert.changedAt && <div><dt>Ended</dt><dd><Ago time={Date.parse(alert.changedAt) / 1000} /></dd></div>}
      </dl>
    </li>
  );
}
