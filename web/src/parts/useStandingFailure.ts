import { useRef } from "react";

/** A failure that stays in sight while it is tried again, until there is an answer: the page would flicker otherwise. */
export function useStandingFailure(error: Error | null, answered: boolean): Error | null {
  const last = useRef<Error | null>(null);
  if (error) last.current = error;
  else if (answered) last.current = null;
  return last.current;
}
