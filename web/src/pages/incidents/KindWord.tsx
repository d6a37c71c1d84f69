import { AlertIcon, CheckIcon, LogIcon, UnlinkIcon } from "../../parts/icons";
import { StateWord, type Tone } from "../../parts/StateWord";
import { KIND_WORDS, PAST_WORDS, type IncidentKind } from "../../uptime/incident";

const TONES: Record<IncidentKind, Tone> = { down: "critical", degraded: "warning", unreachable: "neutral", manual: "warning" };
const ICONS = { down: AlertIcon, degraded: AlertIcon, unreachable: UnlinkIcon, manual: LogIcon };

/** What an incident is about; quiet once it is over. */
export function KindWord({ kind, over }: { kind: IncidentKind; over: boolean }) {
  return <StateWord tone={over ? "neutral" : TONES[kind]} icon={over ? CheckIcon : ICONS[kind]}>{(over ? PAST_WORDS : KIND_WORDS)[kind]}</StateWord>;
}
