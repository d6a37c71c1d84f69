import { ApiFailure } from "../../api/failure";
import type { Rule, RuleState } from "../../api/responses";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { sayDuration } from "../../time/duration";
import styles from "./Rules.module.css";

const TONE: Record<RuleState, Tone> = { firing: "critical", pending: "warning", inactive: "good", unknown: "neutral" };
const WORD: Record<RuleState, string> = { firing: "Firing", pending: "Pending", inactive: "Inactive", unknown: "Unknown" };
const WEIGHT: Record<RuleState, number> = { firing: 0, pending: 1, inactive: 3, unknown: 2 };
const COMPARED = { ">": "above", ">=": "at least", "<": "below", "<=": "at most" } as const;

interface RulesProps {
  rules: readonly Rule[] | undefined;
  failure: Error | null;
  pending: boolean;
}

/** What is watched for, how each rule stands and whether it can be evaluated at all. */
export function Rules({ rules, failure: latest, pending }: RulesProps) {
  const late = useLate(pending);
  const failure = useStandingFailure(latest, rules !== undefined);
  if (!rules) {
    if (failure) return <p className={styles.quiet}>The rules cannot be read: {failure.message} {failure instanceof ApiFailure && <code>{failure.code}</code>}</p>;
    return late ? <Placeholder height={160} /> : null;
  }
  if (rules.length === 0) return <p className={styles.quiet}>No rule has been evaluated yet. The first evaluation comes within seconds of the start.</p>;
  const sorted = [...rules].sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
  return (
    <div className={styles.frame}>
      <table className={styles.table} aria-label="Rules">
        <thead>
          <tr>
            <th scope="col">Rule</th>
            <th scope="col">State</th>
            <th scope="col">Condition</th>
            <th scope="col">Threshold</th>
            <th scope="col">Holds for</th>
            <th scope="col">Last evaluation</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((rule, at) => <RuleRow key={`${rule.name} ${at}`} rule={rule} />)}
        </tbody>
      </table>
    </div>
  );
}

/** A failing rule hides what it watches, so it stands right after what fires. */
const place = (rule: Rule): number => (rule.health === "err" && rule.state !== "firing" ? 0.5 : WEIGHT[rule.state]);

function RuleRow({ rule }: { rule: Rule }) {
  const { name, state, query, duration, labels, threshold, health } = rule;
  return (
    <tr>
      <th scope="row">
        <span className={styles.name}>{name}</span>
        {labels.severity && <span className={styles.severity}>{labels.severity}</span>}
      </th>
      <td data-word="State">
        <span className={styles.states}>
          <StateWord tone={TONE[state]}>{WORD[state]}</StateWord>
          {health === "err" && <StateWord tone="critical">Fails</StateWord>}
        </span>
      </td>
      <td className={styles.condition} data-word="Condition">
        <span>
          {query ? <code>{query}</code> : "–"}
          {rule.lastError && (
            <span className={styles.error}>
              {rule.lastError} {rule.code && <code>{rule.code}</code>}
              {rule.failingSince && <> (failing <Ago time={Date.parse(rule.failingSince) / 1000} ongoing />)</>}
            </span>
          )}
        </span>
      </td>
      <td data-word="Threshold">{threshold ? `${COMPARED[threshold.comparison]} ${threshold.value}` : "–"}</td>
      <td data-word="Holds for">{duration > 0 ? sayDuration(duration) : "at once"}</td>
      <td data-word="Last evaluation" className={styles.evaluated}>
        {health === "unknown" ? "not yet" : (
          <>
            <Ago time={Date.parse(rule.lastEvaluation) / 1000} />
            <span className={styles.took}>took {format("seconds", rule.evaluationTime)}</span>
          </>
        )}
      </td>
    </tr>
  );
}
