import { useState } from "react";
import { copyText } from "../../parts/copyText";
import { CopyIcon } from "../../parts/icons";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { Select } from "../../parts/Select";
import { useLate } from "../../parts/useLate";
import { absoluteTime, clockTime } from "../../time/words";
import { latency, reasonWords, secondsOf, type Check } from "./check";
import { VerdictWord } from "./CheckStateWord";
import { isProbed } from "./kinds";
import styles from "./Panels.module.css";
import { useResults } from "./store";
import { VerdictStrip } from "./VerdictStrip";

const BARS = 100;

/** What the last probes found, one by one. */
export function ResultsPanel({ check }: { check: Check }) {
  const [location, setLocation] = useState("");
  const { data, error, isPending } = useResults(check.id, location);
  const late = useLate(isPending);
  const places = check.status.locations.map((one) => one.location);
  const timed = isProbed(check.type);
  const hasStatus = data?.some((one) => one.status_code !== null) ?? false;
  const hasTrace = data?.some((one) => one.trace_id) ?? false;
  return (
    <Panel
      title="Last results"
      note={data && data.length > 0 ? `${data.length}, the newest first` : undefined}
      aside={places.length > 1 && <Select label="Location" value={location} options={[["", "All locations"], ...places.map((one) => [one, one] as const)]} onChange={setLocation} />}
      wide
    >
      {!data ? (error ? <p className={styles.quiet}>They cannot be read: {error.message}</p> : late && <Placeholder height={160} />) : data.length === 0 ? <p className={styles.quiet}>{check.enabled ? "Nothing was found yet." : "It is paused. What it finds once it is resumed stands here."}</p> : (
        <>
          <div className={styles.strip}><VerdictStrip results={data} length={BARS} label={check.name} /></div>
          <div className={`${styles.scroll} ${styles.tall}`} tabIndex={0} role="group" aria-label="Results, scrollable">
            <table className={styles.table} aria-label="Last results">
              <thead>
                <tr>
                  <th scope="col">Time</th><th scope="col">Found</th>{timed && <th scope="col" className={styles.figure}>Latency</th>}
                  {hasStatus && <th scope="col" className={styles.figure}>Status</th>}
                  {places.length > 1 && <th scope="col">Location</th>}
                  <th scope="col" className={styles.wide}>Why</th>
                  {hasTrace && <th scope="col">Trace</th>}
                </tr>
              </thead>
              <tbody>
                {data.map((one) => (
                  <tr key={`${one.ts} ${one.location}`}>
                    <td title={absoluteTime(secondsOf(one.ts))}>{clockTime(secondsOf(one.ts))}</td>
                    <td><VerdictWord verdict={one.verdict} /></td>
                    {timed && <td className={styles.figure}>{latency(one.latency_ms)}</td>}
                    {hasStatus && <td className={styles.figure}>{one.status_code ?? "–"}</td>}
                    {places.length > 1 && <td>{one.location}</td>}
                    <td className={styles.wide}>{one.reason === "ok" ? "" : one.message || reasonWords(one.reason)}{one.attempts > 1 && <span className={styles.quiet}> {one.attempts} attempts</span>}</td>
                    {hasTrace && <td>{one.trace_id && <TraceId id={one.trace_id} />}</td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </Panel>
  );
}

/** The beginning of a trace's id, and the whole of it on the clipboard. */
function TraceId({ id }: { id: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button type="button" className={styles.trace} title={`${id}\nClick to copy`} aria-label={copied ? "Trace copied" : `Copy trace ${id.slice(0, 8)}`} onClick={() => void copyText(id).then(setCopied)} onBlur={() => setCopied(false)}>
      <code>{copied ? "copied" : id.slice(0, 8)}</code> <CopyIcon />
    </button>
  );
}
