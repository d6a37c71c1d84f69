import { useEffect, useState } from "react";
import { now } from "../time/clock";

/** The present moment, anew every so many milliseconds. */
export function useNow(everyMs = 1000): number {
  const [moment, setMoment] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => setMoment(now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return moment;
}
