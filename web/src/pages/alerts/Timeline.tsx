import { useMemo } from "react";
import type { Labels } from "../../api/responses";
import { Lanes, type Lane, type Look } from "../../parts/Lanes";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { select } from "../../series/selector";
import { useRangeResults } from "../../series/useRangeQuery";
import { now } from "../../time/clock";
import { shortDuration } from "../../time/duration";
import { sayRange, windowOf } from "../../time/range";
import { useTimeRange } from "../../time/useTimeRange";
import { absoluteTime, clockTime } from "../../time/words";
import styles from "./AlertsPage.module.css";
import { nameOf, stripsOf, type Stretch } from "./strips";

const MOST_STRIPS = 50;
const IN_A_STATE = 'alertstate=~"pending|firing"';
const LOOKS: Record<Stretch["state"], Look> = { pending: "warning", firing: "critical" };
const WORDS: Record<Stretch["state"], string> = { pending: "Pending", firing: "Firing" };

/** When which alert, or that of these labels, was pending and firing, over the page's time range. */
export function Timeline({ of }: { of?: Labels }) {
  const { range } = useTimeRange();
  const [result] = useRangeResults([select("ALERTS", of ?? {}, IN_A_STATE)], null);
  const strips = useMemo(() => (result?.grid ? stripsOf(result.grid) : []), [result?.grid]);
  const late = useLate(result?.pending ?? true);
  const outdated = useLate(result?.outdated ?? false);
  const window = windowOf(range, now());
  if (!result?.grid) return result?.failure ? <p className={styles.quiet}>The timeline cannot be read: {result.failure.message}</p> : late ? <Placeholder height={96} /> : null;
  if (strips.length === 0) return <p className={styles.quiet}>{of ? "There is no series of it" : "No alert was pending or firing"} in this time: {sayRange(range).toLowerCase()}.</p>;
  const lanes = strips.slice(0, MOST_STRIPS).map<Lane>((strip) => ({
    key: strip.key,
    name: nameOf(strip),
    title: Object.entries(strip.labels).map(([name, value]) => `${name}=${value}`).join("\n"),
    stretches: strip.stretches.map((one) => ({ look: LOOKS[one.state], from: one.from, to: one.to, said: sayStretch(one) })),
  }));
  return (
    <Lanes
      label={of ? "Timeline of this alert" : "Timeline of alerts"}
      window={window}
      lanes={lanes}
      lone={of !== undefined}
      outdated={outdated}
      legend={[["warning", "Pending"], ["critical", "Firing"]]}
      note={strips.length > MOST_STRIPS && <span>The latest {MOST_STRIPS} of {strips.length} alerts</span>}
    />
  );
}

const sayStretch = ({ state, from, to }: Stretch): string => `${WORDS[state]} from ${absoluteTime(from)} to ${clockTime(to)}, ${shortDuration(Math.max(1, to - from))}`;
