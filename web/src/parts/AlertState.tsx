import type { AlertState as State } from "../api/responses";
import { StateWord, type Tone } from "./StateWord";

const TONE: Record<State, Tone> = { firing: "critical", pending: "warning", resolved: "good", unknown: "neutral" };
const WORD: Record<State, string> = { firing: "Firing", pending: "Pending", resolved: "Resolved", unknown: "Unknown" };

export function AlertState({ state }: { state: State }) {
  return <StateWord tone={TONE[state]}>{WORD[state]}</StateWord>;
}
