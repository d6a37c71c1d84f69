import { useNow } from "../../parts/useNow";
import { shortDuration } from "../../time/duration";
import { endOf, startOf, type Incident } from "../../uptime/incident";

/** How long an incident lasted, or lasts so far. */
export function Lasted({ incident }: { incident: Incident }) {
  const now = useNow();
  const end = endOf(incident);
  const text = shortDuration(Math.max(1, (end ?? now) - startOf(incident)));
  return <>{end === null ? `${text} so far` : text}</>;
}
