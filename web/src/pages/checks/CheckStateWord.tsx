import { PauseIcon, SilenceIcon, UnlinkIcon } from "../../parts/icons";
import { StateWord } from "../../parts/StateWord";
import { STATE_TONE, STATE_WORD, VERDICT_TONE, VERDICT_WORD, type CheckState, type Verdict } from "./check";

const SHAPES: Partial<Record<CheckState, typeof PauseIcon>> = { paused: PauseIcon, maintenance: SilenceIcon, unreachable: UnlinkIcon };

/** Where a check stands, as a shape and a word. */
export function CheckStateWord({ state }: { state: CheckState }) {
  return <StateWord tone={STATE_TONE[state]} icon={SHAPES[state]}>{STATE_WORD[state]}</StateWord>;
}

export function VerdictWord({ verdict }: { verdict: Verdict }) {
  return <StateWord tone={VERDICT_TONE[verdict]}>{VERDICT_WORD[verdict]}</StateWord>;
}
