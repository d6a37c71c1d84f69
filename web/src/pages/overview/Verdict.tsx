import { Ago } from "../../parts/Ago";
import { AlertIcon, CheckIcon, DotIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { StateWord, type Tone } from "../../parts/StateWord";
import type { Condition } from "./useCondition";
import { headline, type Trouble } from "./trouble";
import styles from "./Verdict.module.css";

const MOST = 12;
const ICONS = { critical: AlertIcon, warning: AlertIcon, good: CheckIcon, neutral: DotIcon };

interface Said {
  tone: Tone;
  words: string;
}

/** Whether something is wrong, where, and since when: the first thing on the first page. */
export function Verdict({ condition }: { condition: Condition }) {
  const { troubles, watched, unknown } = condition;
  const { tone, words } = say(condition);
  const Icon = ICONS[tone];
  return (
    <section className={styles.verdict} aria-label="Verdict">
      <h1 className={styles.headline} data-tone={tone}><Icon className={styles.icon} />{words}</h1>
      <p className={styles.watched}>
        {unknown.length > 0 && <StateWord tone="warning">Cannot be read: {unknown.join(", ")}</StateWord>}
        {watched.length > 0 && <span>Watching {listed(watched)}</span>}
      </p>
      {troubles.length > 0 && (
        <ul className={styles.list} aria-label="What is wrong">
          {troubles.slice(0, MOST).map((trouble) => <Row key={trouble.key} trouble={trouble} />)}
        </ul>
      )}
      {troubles.length > MOST && <p className={styles.rest}>and {troubles.length - MOST} more: <Link to="/alerts">alerts</Link>, <Link to="/checks">checks</Link>, <Link to="/targets">targets</Link>, <Link to="/hosts">hosts</Link>, <Link to="/containers">containers</Link>, <Link to="/servers">servers</Link></p>}
    </section>
  );
}

function say({ troubles, empty, unknown, pending }: Condition): Said {
  const worst = troubles[0];
  if (worst) return { tone: worst.tone, words: headline(troubles) };
  if (unknown.length > 0) return { tone: "warning", words: "Not everything can be checked" };
  if (pending) return { tone: "neutral", words: "Looking around…" };
  if (empty) return { tone: "neutral", words: "Waiting for the first samples…" };
  return { tone: "good", words: headline(troubles) };
}

const listed = (words: readonly string[]): string => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

function Row({ trouble }: { trouble: Trouble }) {
  const { tone, word, subject, summary, to, since } = trouble;
  return (
    <li className={styles.row} data-tone={tone}>
      <span className={styles.state}><StateWord tone={tone}>{word}</StateWord></span>
      <Link to={to} className={styles.subject} title={subject}>{subject}</Link>
      <span className={styles.summary}>{summary}</span>
      <span className={styles.since}>{since !== null && <Ago time={since} ongoing />}</span>
    </li>
  );
}
