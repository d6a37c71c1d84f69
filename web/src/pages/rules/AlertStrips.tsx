import { useState } from "react";
import { shortDuration } from "../../time/duration";
import { absoluteTime, clockTime } from "../../time/words";
import { aboutAlert, spansOf, type BacktestAlert, type Span } from "./backtest";
import styles from "./AlertStrips.module.css";

const FEW = 8;
const MOST = 200;
const WORDS: Record<Span["state"], string> = { pending: "Pending", firing: "Firing", unknown: "Unknown" };

interface AlertStripsProps {
  alerts: readonly BacktestAlert[];
  /** Seconds. */
  start: number;
  end: number;
  /** The alert that alone is shaded in the chart. */
  chosen: number | null;
  onChoose: (at: number | null) => void;
}

/** When which alert would have been pending and firing, under the chart's time axis. */
export function AlertStrips({ alerts, start, end, chosen, onChoose }: AlertStripsProps) {
  const [all, setAll] = useState(false);
  const place = (time: number): number => Math.min(100, Math.max(0, (100 * (time - start)) / (end - start || 1)));
  return (
    <figure className={styles.figure} aria-label="Alerts of the backtest">
      <ul className={styles.strips}>
        {alerts.slice(0, all ? MOST : FEW).map((alert, at) => {
          const spans = spansOf(alert, end);
          const about = aboutAlert(alert.labels);
          return (
            <li key={about + String(at)} data-faded={(chosen !== null && chosen !== at) || undefined}>
              <button type="button" className={styles.strip} aria-pressed={chosen === at} title={`${about}\n${spans.slice(-8).map(saySpan).join("\n")}`} onClick={() => onChoose(chosen === at ? null : at)}>
                <span className={styles.name}>{about}</span>
                <span className={styles.track} role="img" aria-label={saySpans(spans)}>
                  {spans.map((span) => <span key={`${span.state} ${span.from}`} className={styles.span} data-state={span.state} style={{ left: `${place(span.from)}%`, width: `${place(span.to) - place(span.from)}%` }} />)}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      <figcaption className={styles.legend}>
        <span><span className={styles.swatch} data-state="pending" /> Pending</span>
        <span><span className={styles.swatch} data-state="firing" /> Firing</span>
        <span>Choose an alert to see it alone in the chart.</span>
        {alerts.length > FEW && <button type="button" className={styles.more} onClick={() => setAll(!all)}>{all ? `Show ${FEW}` : alerts.length > MOST ? `Show ${MOST} of ${alerts.length.toLocaleString("en")}` : `Show all ${alerts.length}`}</button>}
      </figcaption>
    </figure>
  );
}

const saySpan = ({ state, from, to, goesOn }: Span): string => `${WORDS[state]} from ${absoluteTime(from)} ${goesOn ? "on" : `to ${clockTime(to)}`}, ${shortDuration(Math.max(1, to - from))}`;

function saySpans(spans: readonly Span[]): string {
  const firing = spans.filter((span) => span.state === "firing");
  if (firing.length === 0) return "pending only";
  return `fired ${firing.length === 1 ? "once" : `${firing.length} times`}, ${shortDuration(firing.reduce((sum, span) => sum + span.to - span.from, 0))} in all`;
}
