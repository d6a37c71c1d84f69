import { Ago } from "../../parts/Ago";
import { Panel } from "../../parts/Panel";
import { StateWord } from "../../parts/StateWord";
import { latency, reasonWords, secondsOf, type CheckStatus } from "./check";
import { VerdictWord } from "./CheckStateWord";
import styles from "./Panels.module.css";

/** What each location finds, and whether it is heard. */
export function LocationsPanel({ status }: { status: CheckStatus }) {
  const heard = status.locations.filter((one) => one.heard).length;
  return (
    <Panel title="Locations" note={status.locations.length > 1 ? `${heard} of ${status.locations.length} heard` : undefined}>
      {status.locations.length === 0 ? <p className={styles.quiet}>Nobody has probed it yet.</p> : (
        <div className={styles.scroll} tabIndex={0} role="group" aria-label="Locations, scrollable">
          <table className={styles.table} aria-label="Locations">
            <thead><tr><th scope="col">Location</th><th scope="col" className={styles.wide}>Finds</th><th scope="col" className={styles.figure}>Latency</th><th scope="col">Last result</th></tr></thead>
            <tbody>
              {status.locations.map((one) => (
                <tr key={one.location}>
                  <th scope="row">{one.location}</th>
                  <td className={styles.wide}>
                    {one.heard ? <VerdictWord verdict={one.verdict} /> : <StateWord tone="neutral">Not heard</StateWord>}
                    {one.reason !== "ok" && <span className={styles.beneath} title={one.message}>{one.message || reasonWords(one.reason)}</span>}
                  </td>
                  <td className={styles.figure}>{latency(one.latency_ms)}</td>
                  <td><Ago time={secondsOf(one.at)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
