import { useDebouncedValue } from "@mantine/hooks";
import { ApiFailure } from "../../api/failure";
import { InTime } from "../../parts/InTime";
import { now } from "../../time/clock";
import { shortDuration } from "../../time/duration";
import { absoluteTime } from "../../time/words";
import type { WrittenWindow } from "../../uptime/window";
import { usePreview, type Stretch } from "../../uptime/windowStore";
import styles from "./WindowDrawer.module.css";

const PAUSE_MS = 300;

/** When it would be active, as the server reckons; its word where it cannot be. */
export function Ahead({ window }: { window: WrittenWindow | null }) {
  const [text] = useDebouncedValue(window === null ? "" : JSON.stringify(window), PAUSE_MS);
  const { data, error, isPlaceholderData } = usePreview(text === "" ? null : (JSON.parse(text) as WrittenWindow));
  if (text === "") return <p className={styles.ahead}>When it would be active is shown here.</p>;
  if (error) return <p className={styles.problem} role="status">{error.message} {error instanceof ApiFailure && <code>{error.code}</code>}</p>;
  if (!data) return <p className={styles.ahead} role="status">Looking…</p>;
  if (data.length === 0) return <p className={styles.ahead} role="status">It would never be active{window?.enabled === false ? ": it is switched off." : " any more."}</p>;
  return (
    <section className={styles.next} data-outdated={isPlaceholderData || undefined} aria-label="When it would be active">
      <h3>{data.length === 1 ? "It would be active" : "Next times"}{window && isElsewhere(window) && <span className={styles.quiet}> by your clock, {here()}</span>}</h3>
      <ol>{data.map((one) => <li key={one.start}><When stretch={one} /></li>)}</ol>
    </section>
  );
}

const here = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Whether its hours are of another time zone than those that are shown. */
const isElsewhere = ({ cron, rrule, timezone }: WrittenWindow): boolean => (cron ?? rrule) !== undefined && timezone !== here();

function When({ stretch }: { stretch: Stretch }) {
  const from = Date.parse(stretch.start) / 1000;
  const to = Date.parse(stretch.end) / 1000;
  const day = new Date(from * 1000).toLocaleDateString("en-GB", { weekday: "short" });
  return (
    <>
      <span className={styles.moment}>{day} {absoluteTime(from).slice(0, 16)} <span aria-hidden="true">–</span><span className={styles.hidden}>to</span> {absoluteTime(to).slice(absoluteTime(to).startsWith(absoluteTime(from).slice(0, 10)) ? 11 : 0, 16)}</span>
      <span className={styles.quiet}>{shortDuration(to - from)}, {from <= now() ? "from now on" : <InTime time={from} />}</span>
    </>
  );
}
