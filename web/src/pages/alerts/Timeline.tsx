import { useMemo } from "react";
import type { Labels } from "../../api/responses";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { select } from "../../series/selector";
import { useRangeResults } from "../../series/useRangeQuery";
import { now } from "../../time/clock";
import { shortDuration } from "../../time/duration";
import { sayRange, windowOf, zoomTo } from "../../time/range";
import { setRange, useTimeRange } from "../../time/useTimeRange";
import { absoluteTime, clockTime } from "../../time/words";
import { timeTicks } from "./axis";
import { nameOf, stripsOf, type Stretch } from "./strips";
import styles from "./Timeline.module.css";

const MOST_STRIPS = 50;
const IN_A_STATE = 'alertstate=~"pending|firing"';
const WORDS: Record<Stretch["state"], string> = { pending: "Pending", firing: "Firing" };

/** When which alert, or that of these labels, was pending and firing, over the page's time range. */
export function Timeline({ of }: { of?: Labels }) {
  const { range } = useTimeRange();
  const [result] = useRangeResults([select("ALERTS", of ?? {}, IN_A_STATE)], null);
  const strips = useMemo(() => (result?.grid ? stripsOf(result.grid) : []), [result?.grid]);
  const late = useLate(result?.pending ?? true);
  const outdated = useLate(result?.outdated ?? false);
  const window = windowOf(range, now());
  const length = window.to - window.from;
  const place = (time: number): number => Math.min(100, Math.max(0, (100 * (time - window.from)) / length));
  const ticks = timeTicks(window);
  if (!result?.grid) return result?.failure ? <p className={styles.quiet}>The timeline cannot be read: {result.failure.message}</p> : late ? <Placeholder height={96} /> : null;
  if (strips.length === 0) return <p className={styles.quiet}>{of ? "There is no series of it" : "No alert was pending or firing"} in this time: {sayRange(range).toLowerCase()}.</p>;
  return (
    <figure className={styles.frame} data-outdated={outdated || undefined} data-lone={of ? "" : undefined} aria-label={of ? "Timeline of this alert" : "Timeline of alerts"}>
      <ul className={styles.strips}>
        {strips.slice(0, MOST_STRIPS).map((strip) => (
          <li key={strip.key} className={styles.strip}>
            <span className={styles.name} hidden={of !== undefined} title={Object.entries(strip.labels).map(([name, value]) => `${name}=${value}`).join("\n")}>{nameOf(strip)}</span>
            <span className={styles.track}>
              {ticks.map((tick) => <span key={tick.time} className={styles.line} style={{ left: `${place(tick.time)}%` }} />)}
              {strip.stretches.map((stretch) => (
                <button
                  key={`${stretch.state} ${stretch.from}`}
                  type="button"
                  className={styles.stretch}
                  data-state={stretch.state}
                  style={{ left: `${place(stretch.from)}%`, width: `${Math.max(0, place(stretch.to) - place(stretch.from))}%` }}
                  title={`${sayStretch(stretch)}\nClick to see this time`}
                  aria-label={`${nameOf(strip)}: ${sayStretch(stretch)}`}
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
        <span><span className={styles.swatch} data-state="pending" /> Pending</span>
        <span><span className={styles.swatch} data-state="firing" /> Firing</span>
        {strips.length > MOST_STRIPS && <span>The latest {MOST_STRIPS} of {strips.length} alerts</span>}
      </figcaption>
    </figure>
  );
}

const sayStretch = ({ state, from, to }: Stretch): string => `${WORDS[state]} from ${absoluteTime(from)} to ${clockTime(to)}, ${shortDuration(Math.max(1, to - from))}`;
