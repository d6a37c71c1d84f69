import type { Alert } from "../../api/responses";
import { AlertState } from "../../parts/AlertState";
import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import { activeSince } from "../../series/useAlerts";
import styles from "./HostAlerts.module.css";

/** What is wrong with this host, or whatever else the page is of, above everything else; nothing when nothing is. */
export function HostAlerts({ alerts, of = "host" }: { alerts: readonly Alert[]; of?: "host" | "container" | "server" }) {
  if (alerts.length === 0) return null;
  return (
    <ul className={styles.list} aria-label={`Alerts of this ${of}`}>
      {alerts.map((alert) => (
        <li key={alert.labels.alertname ?? alert.activeAt} className={styles.alert} data-state={alert.state}>
          <AlertState state={alert.state} />
          <Link to="/alerts" className={styles.name}>{alert.labels.alertname}</Link>
          <span className={styles.summary}>{alert.annotations.summary}</span>
          <span className={styles.since}><Ago time={activeSince(alert)} ongoing /></span>
        </li>
      ))}
    </ul>
  );
}
