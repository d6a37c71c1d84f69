import { useNow } from "../../parts/useNow";
import { shortDuration } from "../../time/duration";
import { absoluteTime } from "../../time/words";
import { latency, percent, secondsOf, type Check, type Uptime } from "./check";
import { EndsIn, SOON } from "./CertificateFacts";
import { isProbed } from "./kinds";
import styles from "./UptimeTiles.module.css";
import { useUptime } from "./store";

const WINDOWS: ReadonlyArray<readonly [string, string]> = [["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"], ["90d", "90 days"]];

/** How much of the usual times it was well, how long it takes now, and when what it shows ends. */
export function UptimeTiles({ check }: { check: Check }) {
  const uptime = useUptime(check.id);
  const { latency_ms, expires_at } = check.status;
  return (
    <dl className={styles.tiles} aria-label="Uptime">
      {WINDOWS.map(([window, words]) => <Tile key={window} words={`Up, ${words}`} uptime={uptime.data?.[window]} />)}
      {isProbed(check.type) && <div className={styles.tile}>
        <dt>Latency</dt>
        <dd className={styles.figure}>{latency(latency_ms)}</dd>
        <dd className={styles.note}>last probe</dd>
      </div>}
      {expires_at && <div className={styles.tile}>
        <dt>{check.type === "domain" ? "Registration" : "Certificate"}</dt>
        <End at={expires_at} />
      </div>}
    </dl>
  );
}

/** The time to an end, in days where there are many. */
function End({ at }: { at: string }) {
  const left = secondsOf(at) - useNow(60_000);
  return (
    <>
      <dd className={styles.figure}>{left <= 0 ? "Expired" : left >= 2 * 86_400 ? `${Math.floor(left / 86_400).toLocaleString("en")} days` : shortDuration(left)}</dd>
      <dd className={styles.note}>{left < SOON ? <EndsIn at={at} /> : `until ${absoluteTime(secondsOf(at)).slice(0, 10)}`}</dd>
    </>
  );
}

function Tile({ words, uptime }: { words: string; uptime: Uptime | undefined }) {
  return (
    <div className={styles.tile} title={uptime && explained(uptime)}>
      <dt>{words}</dt>
      <dd className={styles.figure}>{uptime ? percent(uptime.corrected) : " "}</dd>
      <dd className={styles.note}>{uptime ? outages(uptime) : " "}</dd>
    </div>
  );
}

const failed = ({ seconds }: Uptime): number => (seconds.down ?? 0) + (seconds.unreachable ?? 0);

function outages(uptime: Uptime) {
  if (uptime.corrected === null) return "nobody could tell";
  if (uptime.outages === 0) return "no outage";
  return `${uptime.outages.toLocaleString("en")} ${uptime.outages === 1 ? "outage" : "outages"}, ${shortDuration(Math.max(1, failed(uptime)))}`;
}

/** Both figures and what they are made of. */
export function explained({ corrected, raw, seconds }: Uptime): string {
  const spent = Object.entries(seconds).map(([state, length]) => `${state} ${shortDuration(Math.max(1, length))}`);
  return [`Corrected ${percent(corrected)}: without pauses, maintenance and what nobody could tell`, `Raw ${percent(raw)}: of all time but pauses`, ...spent].join("\n");
}
