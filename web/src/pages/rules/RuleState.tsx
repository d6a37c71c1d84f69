import type { RuleState as State } from "../../api/responses";
import { StateWord, type Tone } from "../../parts/StateWord";
import type { Listed } from "./ruleList";

const TONE: Record<State, Tone> = { firing: "critical", pending: "warning", inactive: "good", unknown: "neutral" };
const WORD: Record<State, string> = { firing: "Firing", pending: "Pending", inactive: "Inactive", unknown: "Unknown" };

/** How a rule stands: whether it is evaluated, whether it can be, and what its worst alert does. */
export function RuleState({ listed }: { listed: Pick<Listed, "enabled" | "isRecording" | "state" | "rule"> }) {
  const { enabled, isRecording, state, rule } = listed;
  if (!enabled) return <StateWord tone="neutral">Off</StateWord>;
  const fails = rule.health === "err";
  return (
    <>
      {fails && <StateWord tone="critical">Fails</StateWord>}
      {isRecording
        ? !fails && <StateWord tone="neutral">{rule.health === "ok" ? "Records" : "Not yet"}</StateWord>
        : !(fails && state === "inactive") && <StateWord tone={rule.health === "unknown" ? "neutral" : TONE[state]}>{rule.health === "unknown" ? "Not yet" : WORD[state]}</StateWord>}
    </>
  );
}
