import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import styles from "./RuleEditor.module.css";
import { findingWord, type Listed } from "./ruleList";
import { RuleState } from "./RuleState";

/** How a rule does: its state, its alerts, when it was evaluated, why it fails and what the radar found. */
export function RuleFacts({ listed, where }: { listed: Listed; where: string }) {
  const { rule } = listed;
  return (
    <>
      <p className={styles.facts}>
        <RuleState listed={listed} />
        <span>{where}</span>
        {listed.alerts > 0 && <Link to="/alerts">{listed.alerts === 1 ? "1 alert" : `${listed.alerts.toLocaleString("en")} alerts`}</Link>}
        {listed.enabled && rule.health !== "unknown" && <span>evaluated <Ago time={Date.parse(rule.lastEvaluation) / 1000} /></span>}
      </p>
      {rule.lastError && <p className={styles.error}>{rule.lastError} {rule.code && <code>{rule.code}</code>}{rule.failingSince && <> (failing <Ago time={Date.parse(rule.failingSince) / 1000} ongoing />)</>}</p>}
      {listed.findings.length > 0 && (
        <ul className={styles.findings} aria-label="What the radar found">
          {listed.findings.map((finding) => (
            <li key={`${finding.reason} ${finding.message}`}>
              <span className={styles.badge} data-harmless={finding.reason === "never_fired" || undefined}>{findingWord(finding, listed.yieldsNothing)}</span>
              {finding.message}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
