import { clockTime } from "../../time/words";
import { latency, reasonWords, secondsOf, VERDICT_WORD } from "./check";
import type { StripResult } from "./store";
import styles from "./VerdictStrip.module.css";

/** The last probes as bars, the newest at the right: low ones are well, high ones are not, so that it reads without colours. */
export function VerdictStrip({ results, length, label }: { results: readonly StripResult[] | undefined; length: number; label: string }) {
  const shown = (results ?? []).slice(0, length).reverse();
  const missing = length - shown.length;
  return (
    <span className={styles.strip} role="img" aria-label={results ? say(label, shown) : undefined} data-pending={results === undefined || undefined}>
      {Array.from({ length: missing }, (_, at) => <span key={`none ${at}`} className={styles.bar} />)}
      {shown.map((one) => (
        <span key={`${one.ts} ${one.location}`} className={styles.bar} data-verdict={one.verdict} title={hint(one)} />
      ))}
    </span>
  );
}

function hint({ ts, verdict, reason, latency_ms, location }: StripResult): string {
  const why = reason === "ok" ? "" : `: ${reasonWords(reason).toLowerCase()}`;
  return `${clockTime(secondsOf(ts))}  ${VERDICT_WORD[verdict]}${why}\n${latency(latency_ms)}, from ${location}`;
}

function say(label: string, shown: readonly StripResult[]): string {
  if (shown.length === 0) return `${label}: not probed yet`;
  const down = shown.filter((one) => one.verdict === "down").length;
  const degraded = shown.filter((one) => one.verdict === "degraded").length;
  const bad = [down > 0 && `${down} down`, degraded > 0 && `${degraded} degraded`].filter(Boolean);
  return `${label}: of the last ${shown.length} probes ${bad.length > 0 ? `${bad.join(", ")}` : "all were up"}`;
}
