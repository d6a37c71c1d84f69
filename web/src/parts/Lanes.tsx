import type { ReactNode } from "react";
import { zoomTo, type Window } from "../time/range";
import { setRange } from "../time/useTimeRange";
import { timeTicks } from "../time/ticks";
import styles from "./Lanes.module.css";

export interface Stretch {
  /** How it is drawn: "critical", "warning", "neutral", … each told apart without its colour. */
  look: Look;
  /** Seconds. */
  from: number;
  to: number;
  /** What it was, for whom it is read out. */
  said: string;
}

export type Look = "critical" | "warning" | "neutral";

export interface Lane {
  key: string;
  name: string;
  /** More of it, on hover. */
  title?: string | undefined;
  stretches: Stretch[];
}

interface LanesProps {
  label: string;
  window: Window;
  lanes: readonly Lane[];
  /** Where there is one lane whose name is told elsewhere. */
  lone?: boolean;
  outdated?: boolean;
  legend: ReadonlyArray<readonly [Look, string]>;
  note?: ReactNode;
}

/** What lasted from when to when, a lane for each thing, over a time; a press on a stretch goes to its time. */
export function Lanes({ label, window, lanes, lone = false, outdated = false, legend, note }: LanesProps) {
  const length = window.to - window.from;
  const place = (time: number): number => Math.min(100, Math.max(0, (100 * (time - window.from)) / length));
  const ticks = timeTicks(window);
  return (
    <figure className={styles.frame} data-outdated={outdated || undefined} data-lone={lone || undefined} aria-label={label}>
      <ul className={styles.strips}>
        {lanes.map((lane) => (
          <li key={lane.key} className={styles.strip}>
            <span className={styles.name} hidden={lone} title={lane.title ?? lane.name}>{lane.name}</span>
            <span className={styles.track}>
              {ticks.map((tick) => <span key={tick.time} className={styles.line} style={{ left: `${place(tick.time)}%` }} />)}
              {lane.stretches.map((stretch) => (
                <button
                  key={`${stretch.look} ${stretch.from}`}
                  type="button"
                  className={styles.stretch}
                  data-look={stretch.look}
                  style={{ left: `${place(stretch.from)}%`, width: `${Math.max(0, place(stretch.to) - place(stretch.from))}%` }}
                  title={`${stretch.said}\nClick to see this time`}
                  aria-label={`${lane.name}: ${stretch.said}`}
                  onClick={() => setRange(zoomTo(stretch.from - (stretch.to - stretch.from) / 4, stretch.to + (stretch.to - stretch.from) / 4))}
                />
              ))}
            </span>
          </li>
        ))}
      </ul>
      <div className={styles.axis} aria-hidden="true">
        {ticks.map((tick) => <span key={tick.time} style={{ left: `${place(tick.time)}%` }}>{tick.text}</span>)}
      </div>
      <figcaption className={styles.legend}>
        {legend.map(([look, word]) => <span key={look}><span className={styles.swatch} data-look={look} /> {word}</span>)}
        {note}
      </figcaption>
    </figure>
  );
}
