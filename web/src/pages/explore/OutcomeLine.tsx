import { advice, ApiFailure } from "../../api/failure";
import { AlertIcon } from "../../parts/icons";
import textButton from "../../parts/TextButton.module.css";
import { useLate } from "../../parts/useLate";
import type { Complaint } from "../../promql/place";
import { format } from "../../charts/units";
import styles from "./OutcomeLine.module.css";
import { isUndrawable, type Outcome } from "./outcome";

interface OutcomeLineProps {
  outcome: Outcome | null;
  complaint: (Complaint & { code: string }) | null;
  unchanged: boolean;
  hidden: boolean;
  empty: boolean;
  onGoTo: (line: number, column: number) => void;
  onTable: () => void;
  onLargest: () => void;
  onPercentile: () => void;
}

/** More series than this are a question too wide to read. */
const TOO_MANY = 1_000;
export const LARGEST = 20;

/** One quiet line under a query: what it found and how long that took, or what is wrong with it. */
export function OutcomeLine(props: OutcomeLineProps) {
  const { outcome, complaint, unchanged } = props;
  const waiting = useLate(Boolean(outcome?.pending || outcome?.outdated));
  if (complaint) return <Wrong {...props} complaint={complaint} />;
  if (!unchanged) return <p className={styles.quiet}>Changed. Enter runs it.</p>;
  if (props.hidden) return <p className={styles.quiet}>Hidden, not asked.</p>;
  if (!outcome || props.empty) return null;
  // A lost server is told once, over the page, and by the panels that stay empty.
  const lost = outcome.failure instanceof ApiFailure && outcome.failure.kind === "unreachable";
  if (outcome.failure && !lost) return <Failed failure={outcome.failure} stale={outcome.found !== null} />;
  if (waiting) return <p className={styles.quiet}>Asking…</p>;
  if (!outcome.found) return null;
  const { series, samples, took, warnings, infos, histograms = false } = outcome.found;
  return (
    <div className={styles.found}>
      <p className={styles.quiet}>
        {counted(series, "series", "series")} · {histograms && samples === 0 ? "native histograms" : counted(samples, "sample", "samples")} · {format("seconds", took)}
      </p>
      {series > TOO_MANY && (
        <p className={styles.warning}>
          <span>
            Too many series to read. Narrow it with labels, or{" "}
            <button type="button" className={textButton.button} onClick={props.onLargest}>take the largest {LARGEST}</button>.
          </span>
        </p>
      )}
      {histograms && samples === 0 && (
        <p className={styles.warning}>
          <span>
            Native histograms are no numbers: <button type="button" className={textButton.button} onClick={props.onPercentile}>draw their 95th percentile</button>{" "}
            or <button type="button" className={textButton.button} onClick={props.onTable}>show them as a table</button>.
          </span>
        </p>
      )}
      {warnings.map((text) => <p key={text} className={styles.warning}><AlertIcon className={styles.icon} />Warning: {text}</p>)}
      {infos.map((text) => <p key={text} className={styles.quiet}>Note: {text}</p>)}
    </div>
  );
}

/** The server's own words against the query, with the place and the stable code. */
function Wrong({ complaint, outcome, onGoTo, onTable }: OutcomeLineProps & { complaint: Complaint & { code: string } }) {
  const { message, line, column, code } = complaint;
  return (
    <div className={styles.wrong} role="alert">
      <AlertIcon className={styles.icon} />
      <span>
        {message}.{" "}
        {line !== null && column !== null && (
          <button type="button" className={textButton.button} onClick={() => onGoTo(line, column)}>
            {line > 1 ? `Line ${line}, column ${column}` : `Column ${column}`}
          </button>
        )}
        {isUndrawable(outcome?.failure ?? null) && <button type="button" className={textButton.button} onClick={onTable}>Show it as a table</button>}{" "}
        <code className={styles.code}>{code}</code>
      </span>
    </div>
  );
}

function Failed({ failure, stale }: { failure: Error; stale: boolean }) {
  const code = failure instanceof ApiFailure ? failure.code : null;
  return (
    <div className={styles.wrong} role="alert">
      <AlertIcon className={styles.icon} />
      <span>
        {failure.message} {stale ? "What is shown is from before." : advice(failure)} {code && <code className={styles.code}>{code}</code>}
      </span>
    </div>
  );
}

const counted = (count: number, one: string, many: string): string => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
