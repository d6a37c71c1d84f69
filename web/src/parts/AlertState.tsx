import type { AlertState as State } from "../api/responses";
import { StateWord, type Tone } from "./StateWord";

const TONE: Record<State, Tone> = { firing: "critical", pending: "warning", resolved: "good" };
const WORD: Record<State, string> = { firing: "Firing", pending: "Pending", resolved: "Resolved" };

export function AlertState({ state }: { state: State }) {
  return <StateWord tone={TONE[state]}>{WORD[state]}</StateWord>;
}
