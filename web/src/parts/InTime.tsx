import { shortDuration } from "../time/duration";
import { absoluteTime } from "../time/words";
import { useNow } from "./useNow";

/** What is still to come, as "in 12 min"; the absolute time on hover. */
export function InTime({ time }: { time: number }) {
  const now = useNow();
  return <time dateTime={new Date(time * 1000).toISOString()} title={absoluteTime(time)}>{time - now < 1 ? "now" : `in ${shortDuration(time - now)}`}</time>;
}
