import { ApiFailure } from "../../api/failure";
import type { Rule, RuleState } from "../../api/responses";
import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import styles from "./Rules.module.css";

const MOST_FAILING = 5;
const COUNTED: ReadonlyArray<readonly [RuleState, Tone, string]> = [["firing", "critical", "firing"], ["pending", "warning", "pending"], ["unknown", "neutral", "unknown"], ["inactive", "good", "inactive"]];

interface RulesProps {
  rules: readonly Rule[] | undefined;
  failure: Error | null;
  pending: boolean;
}

/** How many rules watch and how they stand, and why some cannot be evaluated; the rest stands on their own page. */
export function Rules({ rules, failure: latest, pending }: RulesProps) {
  const late = useLate(pending);
  const failure = useStandingFailure(latest, rules !== undefined);
  if (!rules) {
    if (failure) return <p className={styles.quiet}>The rules cannot be read: {failure.message} {failure instanceof ApiFailure && <code>{failure.code}</code>}</p>;
    return late ? <Placeholder height={48} /> : null;
  }
  if (rules.length === 0) return <p className={styles.quiet}>No rule has been evaluated yet. <Link to="/rules" className={styles.link}>See the rules</Link></p>;
  const failing = rules.filter((rule) => rule.health === "err");
  return (
    <div className={styles.frame}>
      <p className={styles.counts}>
        <span>{rules.length === 1 ? "1 rule watches" : `${rules.length.toLocaleString("en")} rules watch`}</span>
        {COUNTED.map(([state, tone, word]) => {
          const count = rules.filter((rule) => rule.state === state).length;
          return count > 0 && <StateWord key={state} tone={tone}>{count.toLocaleString("en")} {word}</StateWord>;
        })}
        {failing.length > 0 && <StateWord tone="critical">{failing.length === 1 ? "1 fails" : `${failing.length.toLocaleString("en")} fail`}</StateWord>}
        <Link to="/rules" className={styles.link}>See the rules</Link>
      </p>
      {failing.length > 0 && (
        <ul className={styles.failing} aria-label="Rules that fail">
          {failing.slice(0, MOST_FAILING).map((rule, at) => (
            <li key={`${rule.name} ${at}`}>
              <span className={styles.name}>{rule.name}</span>
              <span className={styles.error}>
                {rule.lastError} {rule.code && <code>{rule.code}</code>}
                {rule.failingSince && <> (failing <Ago time={Date.parse(rule.failingSince) / 1000} ongoing />)</>}
              </span>
            </li>
          ))}
          {failing.length > MOST_FAILING && <li className={styles.quiet}>and {(failing.length - MOST_FAILING).toLocaleString("en")} more</li>}
        </ul>
      )}
    </div>
  );
}
