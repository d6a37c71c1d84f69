import { absoluteTime, lasting, relativeTime } from "../time/words";
import { useNow } from "./useNow";

interface AgoProps {
  time: number;
  /** Says "for 3 min" of what still goes on, in place of "3 min ago". */
  ongoing?: boolean;
}

/** A moment in relative words; the absolute time on hover. */
export function Ago({ time, ongoing = false }: AgoProps) {
  const now = useNow();
  return (
    <time dateTime={new Date(time * 1000).toISOString()} title={absoluteTime(time)}>
      {ongoing ? lasting(time, now) : relativeTime(time, now)}
    </time>
  );
}
