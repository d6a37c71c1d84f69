import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { shortDuration } from "../../time/duration";
import { secondsOf } from "./check";
import styles from "./Panels.module.css";
import { useIncidentsOf, type Incident } from "./store";

const TONE: Record<Incident["kind"], Tone> = { down: "critical", unreachable: "critical", degraded: "warning", manual: "neutral" };
const WORD: Record<Incident["kind"], string> = { down: "Down", unreachable: "Unreachable", degraded: "Degraded", manual: "Announced" };

/** The check's last incidents, what lasts first. */
export function IncidentsPanel({ id }: { id: number }) {
  const { data, error, isPending } = useIncidentsOf(id);
  const late = useLate(isPending);
  return (
    <Panel title="Incidents" note={data && data.length > 0 ? `the last ${data.length}` : undefined}>
      {!data ? (error ? <p className={styles.quiet}>They cannot be read: {error.message}</p> : late && <Placeholder height={120} />) : data.length === 0 ? (
        <p className={styles.quiet}>None yet. When the check goes down, an incident begins here.</p>
      ) : (
        <ul className={styles.list} aria-label="Incidents" tabIndex={0}>
          {data.map((one) => (
            <li key={one.id}>
              <Link to={`/incidents/${one.id}`} className={styles.entry}>
                <StateWord tone={one.ended_at === null ? TONE[one.kind] : "neutral"}>{WORD[one.kind]}</StateWord>
                <span className={styles.text} title={one.details}>{one.details || one.title}</span>
                <span className={styles.when}>
                  {one.ended_at === null ? <Ago time={secondsOf(one.started_at)} ongoing /> : <><Ago time={secondsOf(one.started_at)} />, {shortDuration(Math.max(1, secondsOf(one.ended_at) - secondsOf(one.started_at)))} long</>}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
