import { useDebouncedValue } from "@mantine/hooks";
import { fingerprintOf } from "../../alerting/fingerprint";
import { writeMatcher, type Matcher } from "../../alerting/matchers";
import { aboutOf } from "../../alerting/standing";
import { useHeld } from "../../alerting/useAlerting";
import { ApiFailure } from "../../api/failure";
import { LabelChips } from "../../parts/LabelChips";
import styles from "./Held.module.css";

const PAUSE_MS = 300;
const FIRST = 8;
const SHOWN_APART = new Set(["alertname", "instance"]);

/** The alerts that a silence with these matchers would hold now; the server's word where a matcher cannot be. */
export function Held({ matchers }: { matchers: readonly Matcher[] }) {
  const named = matchers.filter((one) => one.name.trim() !== "");
  const [texts] = useDebouncedValue(named.map(writeMatcher).join("\u0001"), PAUSE_MS);
  const asked = texts === "" ? [] : texts.split("\u0001");
  // A lone label without a value would ask for alerts that lack it: that is nobody's question.
  const isAsked = asked.length > 0 && named.some((one) => one.value !== "" || one.op === "!=" || one.op === "!~");
  const { data, error, isPlaceholderData } = useHeld(asked, isAsked);
  if (!isAsked) return <p className={styles.quiet}>The alerts that it would hold now are shown here.</p>;
  if (error) return <p className={styles.problem} role="status">{error.message} {error instanceof ApiFailure && !error.code.startsWith("http_") && <code>{error.code}</code>}</p>;
  if (!data) return <p className={styles.quiet} role="status">Looking…</p>;
  return (
    <section className={styles.held} data-outdated={isPlaceholderData || undefined} aria-label="Alerts that it would hold">
      <p role="status"><strong>{data.length === 0 ? "It would hold no alert now" : `It would hold ${data.length.toLocaleString("en-GB")} ${data.length === 1 ? "alert" : "alerts"} now`}</strong>{data.length === 0 && <span className={styles.quiet}>; those that come later are held when they match.</span>}</p>
      {data.length > 0 && (
        <ul className={styles.list}>
          {data.slice(0, FIRST).map(({ labels }) => <li key={fingerprintOf(labels)}><span className={styles.name}>{labels.alertname} {aboutOf(labels)}</span> <LabelChips labels={labels} without={SHOWN_APART} /></li>)}
        </ul>
      )}
      {data.length > FIRST && <p className={styles.quiet}>and {(data.length - FIRST).toLocaleString("en-GB")} more</p>}
    </section>
  );
}
