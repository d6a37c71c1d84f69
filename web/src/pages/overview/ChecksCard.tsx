import { useMemo } from "react";
import { Link } from "../../parts/Link";
import { Panel } from "../../parts/Panel";
import { StateWord } from "../../parts/StateWord";
import { STATE_TONE, STATE_WORD, type ListedCheck } from "../checks/check";
import { countsOf, worstFirst } from "../checks/checkList";
import { CheckStateWord } from "../checks/CheckStateWord";
import { useChecks } from "../checks/store";
import styles from "./Card.module.css";

const MOST = 8;

/** How many checks are up, and how those stand that are worst. */
export function ChecksCard() {
  const { data, error } = useChecks();
  return (
    <Panel title="Checks" aside={<Link className={styles.more} to="/checks">All checks</Link>}>
      <div className={styles.body}>
        {!data ? error && <p className={styles.hint}>Not read yet.</p> : data.length === 0 ? <p className={styles.hint}>None yet. <Link className={styles.more} to="/checks">How to watch a first address</Link></p> : <Counted checks={data} />}
      </div>
    </Panel>
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
