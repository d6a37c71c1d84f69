import type { Target } from "../../api/responses";
import { StateWord } from "../../parts/StateWord";
import { jobsOf, toneOf } from "../targets/jobs";
import { useTargets } from "../targets/useTargets";
import { Card } from "./Card";
import styles from "./Card.module.css";

const MOST = 8;

/** How many scrape targets answer, job by job. */
export function TargetsCard() {
  const { data, error } = useTargets();
  return (
    <Card title="Scrape targets" to="/targets" all="All targets" first="How to add a first one" watched={data?.activeTargets} error={error}>
      {(targets) => <Counted targets={targets} />}
    </Card>
  );
}

function Counted({ targets }: { targets: readonly Target[] }) {
  const jobs = jobsOf(targets);
  const up = targets.filter((target) => target.health === "up").length;
  const down = targets.filter((target) => target.health === "down").length;
  return (
    <>
      <p className={styles.figures}>
        <span className={styles.figure}>{up}</span> of {targets.length} up
        {down > 0 && <StateWord tone="critical">{down} down</StateWord>}
      </p>
      <ul className={styles.list} aria-label="Jobs">
        {jobs.slice(0, MOST).map((job) => (
          <li key={job.name} className={styles.row}>
            <span className={styles.name} title={job.name}>{job.name}</span>
            <StateWord tone={toneOf(job)}>{job.up} of {job.targets.length}</StateWord>
          </li>
        ))}
      </ul>
      {jobs.length > MOST && <p className={styles.quiet}>and {jobs.length - MOST} more jobs</p>}
    </>
  );
}
