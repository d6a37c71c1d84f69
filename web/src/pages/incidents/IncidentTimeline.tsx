import { Lanes, type Lane, type Look } from "../../parts/Lanes";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { now } from "../../time/clock";
import { sayRange, windowOf, writeRange } from "../../time/range";
import { useTimeRange } from "../../time/useTimeRange";
import { useIncidentsWithin } from "../../uptime/store";
import { lanesOf, LOOKS } from "./lanes";
import styles from "./IncidentList.module.css";

const MOST = 12;
const LEGEND: ReadonlyArray<readonly [Look, string]> = [["critical", "Down"], ["warning", "Degraded or announced"], ["neutral", "Unreachable"]];

/** When which check had an incident, over the page's time range. */
export function IncidentTimeline({ check, names }: { check: string; names: ReadonlyMap<number, string> }) {
  const { range } = useTimeRange();
  const window = windowOf(range, now());
  const { data, error, isPending, isPlaceholderData } = useIncidentsWithin(() => windowOf(range, now()), writeRange(new URLSearchParams(), range).toString(), check);
  const late = useLate(isPending);
  const outdated = useLate(isPlaceholderData);
  if (!data) return error ? <p className={styles.quiet}>The timeline cannot be read: {error.message}</p> : late ? <Placeholder height={72} /> : null;
  if (data.length === 0) return <p className={styles.calm}>No incident in this time: {sayRange(range).toLowerCase()}.</p>;
  const lanes: Lane[] = lanesOf(data, window, names);
  const shown = lanes.slice(0, MOST);
  const looks = new Set(data.map((one) => LOOKS[one.kind]));
  return (
    <div className={styles.timeline}>
      <Lanes label="Timeline of incidents" window={window} lanes={shown} outdated={outdated} legend={LEGEND.filter(([look]) => looks.has(look))} note={lanes.length > MOST && <span>The latest {MOST} of {lanes.length} checks</span>} />
    </div>
  );
}
