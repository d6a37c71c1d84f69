import { useMemo } from "react";
import { Link } from "../../parts/Link";
import { StateWord } from "../../parts/StateWord";
import { STATE_TONE, STATE_WORD, type ListedCheck } from "../checks/check";
import { countsOf, worstFirst } from "../checks/checkList";
import { CheckStateWord } from "../checks/CheckStateWord";
import { useChecks } from "../checks/store";
import { Card } from "./Card";
import styles from "./Card.module.css";

const MOST = 8;

/** How many checks are up, and how those stand that are worst. */
export function ChecksCard() {
  const { data, error } = useChecks();
  return (
    <Card title="Checks" to="/checks" all="All checks" first="How to watch a first address" watched={data} error={error}>
      {(checks) => <Counted checks={checks} />}
    </Card>
  );
}

function Counted({ checks }: { checks: readonly ListedCheck[] }) {
  const counts = countsOf(checks);
  const worst = useMemo(() => worstFirst(checks).slice(0, MOST), [checks]);
  const up = counts.find(([state]) => state === "up")?.[1] ?? 0;
  return (
    <>
      <p className={styles.figures}>
        <span className={styles.figure}>{up.toLocaleString("en")}</span> of {checks.length.toLocaleString("en")} up
        {counts.filter(([state]) => state !== "up").map(([state, count]) => <StateWord key={state} tone={STATE_TONE[state]}>{count.toLocaleString("en")} {STATE_WORD[state].toLowerCase()}</StateWord>)}
      </p>
      <ul className={styles.list} aria-label="Checks">
        {worst.map(({ id, name, status }) => (
          <li key={id} className={styles.row}>
            <Link to={`/checks/${id}`} className={styles.name} title={name}>{name}</Link>
            <CheckStateWord state={status.state} />
          </li>
        ))}
      </ul>
      {checks.length > MOST && <p className={styles.quiet}>and {(checks.length - MOST).toLocaleString("en")} more</p>}
    </>
  );
}
