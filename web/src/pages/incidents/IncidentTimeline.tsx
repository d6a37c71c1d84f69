import { Lanes, type Look } from "../../parts/Lanes";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { now } from "../../time/clock";
import { sayRange, windowOf, writeRange, type Window } from "../../time/range";
import { useTimeRange } from "../../time/useTimeRange";
import type { Incident } from "../../uptime/incident";
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
  if (!data && !error && !late) return null;
  return (
    <section className={styles.section}>
      <h2>Timeline</h2>
      {data ? <Shown incidents={data} names={names} outdated={outdated} range={sayRange(range).toLowerCase()} window={window} /> : error ? <p className={styles.quiet}>It cannot be read: {error.message}</p> : <Placeholder height={72} />}
    </section>
  );
}

function Shown({ incidents, names, outdated, range, window }: { incidents: readonly Incident[]; names: ReadonlyMap<number, string>; outdated: boolean; range: string; window: Window }) {
  if (incidents.length === 0) return <p className={styles.quiet}>No incident in this time: {range}.</p>;
  const lanes = lanesOf(incidents, window, names);
  const looks = new Set(incidents.map((one) => LOOKS[one.kind]));
  return <Lanes label="Timeline of incidents" window={window} lanes={lanes.slice(0, MOST)} outdated={outdated} legend={LEGEND.filter(([look]) => looks.has(look))} note={lanes.length > MOST && <span>The latest {MOST} of {lanes.length} checks</span>} />;
}
