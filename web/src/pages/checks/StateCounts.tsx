import type { CheckState, ListedCheck } from "./check";
import { countsOf } from "./checkList";
import { CheckStateWord } from "./CheckStateWord";
import styles from "./StateCounts.module.css";

interface StateCountsProps {
  checks: readonly ListedCheck[];
  chosen: CheckState | null;
  onChoose: (state: CheckState | null) => void;
}

/** How many checks stand where; pressing one shows these alone. */
export function StateCounts({ checks, chosen, onChoose }: StateCountsProps) {
  const counts = countsOf(checks);
  const shown = chosen !== null && !counts.some(([state]) => state === chosen) ? [...counts, [chosen, 0] as const] : counts;
  return (
    <div className={styles.counts} role="group" aria-label="State">
      <button type="button" aria-pressed={chosen === null} onClick={() => onChoose(null)}>
        <span className={styles.figure}>{checks.length.toLocaleString("en")}</span> <span className={styles.word}>All</span>
      </button>
      {shown.map(([state, count]) => (
        <button key={state} type="button" aria-pressed={chosen === state} onClick={() => onChoose(chosen === state ? null : state)}>
          <span className={styles.figure}>{count.toLocaleString("en")}</span> <CheckStateWord state={state} />
        </button>
      ))}
    </div>
  );
}
