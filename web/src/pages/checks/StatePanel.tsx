import { useMemo } from "react";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { now } from "../../time/clock";
import { shortDuration } from "../../time/duration";
import { sayRange, windowOf, zoomTo } from "../../time/range";
import { setRange, useTimeRange } from "../../time/useTimeRange";
import { absoluteTime, clockTime } from "../../time/words";
import { timeTicks } from "../../time/ticks";
import { STATE_WORD, STATES, type Check } from "./check";
import { rankOf } from "./checkList";
import { useTransitions } from "./store";
import styles from "./StatePanel.module.css";
import { merged, stretchesOf, type Stretch } from "./stretches";

/** More would be thinner than a pixel. */
const MOST = 400;
/** Percent at either end where a time would stick out. */
const MARGIN = 3;

/** How the check stood over the page's time range. */
export function StatePanel({ check }: { check: Check }) {
  const { range } = useTimeRange();
  const key = range.kind === "last" ? String(range.seconds) : `${range.from}-${range.to}`;
  const { data, error, isPending, isPlaceholderData } = useTransitions(check.id, key, () => windowOf(range, now()));
  const late = useLate(isPending);
  const outdated = useLate(isPlaceholderData);
  const window = windowOf(range, now());
  const { from, to } = window;
  const stretches = useMemo(() => merged(stretchesOf(data ?? [], from, Math.min(to, now())), MOST, rankOf), [data, from, to]);
  const place = (time: number): number => Math.min(100, Math.max(0, (100 * (time - from)) / (to - from)));
  const ticks = timeTicks(window);
  const shown = STATES.filter((state) => stretches.some((one) => one.state === state));
  return (
    <Panel title="How it stood" note={sayRange(range).toLowerCase()}>
      <figure className={styles.frame} aria-label={`How ${check.name} stood`} data-outdated={outdated || undefined}>
        {isPending ? late && <Placeholder height={32} /> : (
          <div className={styles.track}>
            {stretches.map((one) => (
              <button key={one.from} type="button" className={styles.stretch} data-state={one.state} title={`${say(one)}\nClick to see this time`} aria-label={say(one)} style={{ left: `${place(one.from)}%`, width: `${place(one.to) - place(one.from)}%` }} onClick={() => setRange(zoomTo(one.from - (one.to - one.from) / 4, one.to + (one.to - one.from) / 4))} />
            ))}
          </div>
        )}
        <div className={styles.axis} aria-hidden="true">
          {ticks.filter((tick) => place(tick.time) > MARGIN && place(tick.time) < 100 - MARGIN).map((tick) => <span key={tick.time} style={{ left: `${place(tick.time)}%` }}>{tick.text}</span>)}
        </div>
        <figcaption className={styles.legend}>
          {error && !data ? `It cannot be read: ${error.message}` : shown.length === 0 && !isPending ? "Nothing is known of this time." : shown.map((state) => (
            <span key={state}><span className={styles.swatch} data-state={state} /> {STATE_WORD[state]} {shortDuration(Math.max(1, lengthOf(stretches, state)))}</span>
          ))}
        </figcaption>
      </figure>
    </Panel>
  );
}

const lengthOf = (stretches: readonly Stretch[], state: Stretch["state"]): number => stretches.reduce((sum, one) => (one.state === state ? sum + one.to - one.from : sum), 0);

const say = ({ state, from, to, message }: Stretch): string => `${STATE_WORD[state]} from ${absoluteTime(from)} to ${clockTime(to)}, ${shortDuration(Math.max(1, to - from))}${message && state !== "up" ? `: ${message}` : ""}`;
