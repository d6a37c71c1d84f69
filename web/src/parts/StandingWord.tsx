import type { Standing } from "../alerting/standing";
import { SilenceIcon } from "./icons";
import { StateWord, type Tone } from "./StateWord";

const TONE: Record<Standing, Tone> = { firing: "critical", pending: "warning", silenced: "neutral", inhibited: "neutral", maintenance: "neutral", muted: "neutral", unknown: "neutral", resolved: "good" };
export const STANDING_WORD: Record<Standing, string> = { firing: "Firing", pending: "Pending", silenced: "Silenced", inhibited: "Inhibited", maintenance: "In maintenance", muted: "Muted", unknown: "Unknown", resolved: "Resolved" };
const HELD = new Set<Standing>(["silenced", "inhibited", "maintenance", "muted"]);

/** How an alert stands, with what keeps people from being told of it. */
export function StandingWord({ standing }: { standing: Standing }) {
  return <StateWord tone={TONE[standing]} icon={HELD.has(standing) ? SilenceIcon : undefined}>{STANDING_WORD[standing]}</StateWord>;
}
