import { useState } from "react";
import { Ago } from "../../parts/Ago";
import { Copy } from "../../parts/Copy";
import { FactList } from "../../parts/FactList";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useNow } from "../../parts/useNow";
import { shortDuration } from "../../time/duration";
import { absoluteTime } from "../../time/words";
import { latency, secondsOf } from "./check";
import styles from "./Panels.module.css";
import { useHeartbeat, usePings, type Heartbeat, type Ping } from "./store";

const TONE: Record<Ping["kind"], Tone> = { success: "good", start: "neutral", fail: "critical", log: "neutral", ignored: "neutral" };
const WORD: Record<Ping["kind"], string> = { success: "Success", start: "Started", fail: "Failed", log: "Log", ignored: "Ignored" };
const MOST = 20;

/** Where a job reports to, and when it is due. */
export function ReportsPanel({ id }: { id: number }) {
  const { data, error, isPending } = useHeartbeat(id);
  const late = useLate(isPending);
  return (
    <Panel title="Where it reports to">
      {!data ? (error ? <p className={styles.quiet}>It cannot be read: {error.message}</p> : late && <Placeholder height={160} />) : <Address heartbeat={data} />}
    </Panel>
  );
}

/** What a job told. */
export function PingsPanel({ id }: { id: number }) {
  const pings = usePings(id);
  return (
    <Panel title="Pings" note={pings.data && pings.data.length > 0 ? `the last ${Math.min(MOST, pings.data.length)}` : undefined}>
      {!pings.data ? (pings.error ? <p className={styles.quiet}>They cannot be read: {pings.error.message}</p> : null) : pings.data.length === 0 ? <p className={styles.quiet}>None yet. Until the first one nothing is due.</p> : <Pings pings={pings.data} />}
    </Panel>
  );
}

function Address({ heartbeat }: { heartbeat: Heartbeat }) {
  const { ping_url, push_url, last_ping, due_at, missed_at, is_running, last_duration_ms } = heartbeat;
  const [copied, setCopied] = useState(false);
  const line = `curl -fsS -m 10 --retry 5 -o /dev/null ${ping_url}`;
  return (
    <div className={styles.inside}>
      <pre className={styles.snippet} tabIndex={0} aria-label="The line that reports">{line}</pre>
      <p className={styles.actions}><Copy text={line} copied={copied} onCopied={setCopied} /> <span className={styles.quiet}>at the end of the job; <code>/start</code> at its beginning, <code>/fail</code> or <code>/$?</code> where it may fail</span></p>
      <FactList className={styles.facts}>
        <div><dt>Last ping</dt><dd>{last_ping ? <Ago time={secondsOf(last_ping)} /> : "none yet"}{is_running && ", running now"}{last_duration_ms !== null && `, took ${latency(last_duration_ms)}`}</dd></div>
        {due_at && <div><dt>Due</dt><dd><Until time={secondsOf(due_at)} /></dd></div>}
        {missed_at && <div><dt>Missed</dt><dd><Until time={secondsOf(missed_at)} /></dd></div>}
        <div><dt>As Uptime Kuma's</dt><dd><code>{push_url}</code></dd></div>
      </FactList>
    </div>
  );
}

/** "in 3 min", or how long ago. */
function Until({ time }: { time: number }) {
  const now = useNow();
  return <time dateTime={new Date(time * 1000).toISOString()} title={absoluteTime(time)}>{time > now ? `in ${shortDuration(Math.max(1, time - now))}` : `${shortDuration(Math.max(1, now - time))} ago`}</time>;
}

function Pings({ pings }: { pings: readonly Ping[] }) {
  return (
    <div className={`${styles.scroll} ${styles.tall}`} tabIndex={0} role="group" aria-label="Pings, scrollable">
      <table className={styles.table} aria-label="Pings">
        <thead><tr><th scope="col" className={styles.figure}>No.</th><th scope="col">When</th><th scope="col">Said</th><th scope="col" className={styles.figure}>Took</th><th scope="col" className={styles.wide}>From</th></tr></thead>
        <tbody>
          {pings.slice(0, MOST).map((one) => (
            <tr key={one.number}>
              <td className={styles.figure}>{one.number}</td>
              <td><Ago time={secondsOf(one.at)} /></td>
              <td><StateWord tone={TONE[one.kind]}>{WORD[one.kind]}{one.exit_status !== null && ` (${one.exit_status})`}</StateWord>{one.message && <span className={styles.beneath} title={one.message}>{one.message}</span>}</td>
              <td className={styles.figure}>{latency(one.duration_ms)}</td>
              <td className={styles.wide}>{one.remote} <span className={styles.quiet}>{one.agent}</span></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
