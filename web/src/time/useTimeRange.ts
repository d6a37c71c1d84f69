import { useMemo } from "react";
import { navigate, readAddress, useAddress, withSearch } from "../shell/address";
import { createStore, useStore } from "../live/store";
import { DEFAULT_RANGE, readRange, sameRange, writeRange, type TimeRange } from "./range";

/** Ranges left by zooming and picking, for the way back. */
const MOST_STEPS = 30;
const earlier = createStore<TimeRange[]>([]);

export interface TimeRangeControl {
  range: TimeRange;
  canGoBack: boolean;
}

export function useTimeRange(): TimeRangeControl {
  const { search } = useAddress();
  const text = search.toString();
  const range = useMemo(() => readRange(new URLSearchParams(text)), [text]);
  const canGoBack = useStore(earlier).length > 0 || range.kind === "between";
  return { range, canGoBack };
}

export function setRange(next: TimeRange): void {
  const present = readRange(readAddress().search);
  if (sameRange(present, next)) return;
  // Pausing is not a place to come back to.
  if (present.kind !== "last" || next.kind !== "last" || present.seconds !== next.seconds) {
    earlier.set([...earlier.get(), present].slice(-MOST_STEPS));
  }
  write(next);
}

/** To the range before the last zoom; on a shared zoomed address, to the live default. */
export function goBackInTime(): void {
  const steps = earlier.get();
  const target = steps.at(-1);
  earlier.set(steps.slice(0, -1));
  if (target) write(target);
  else if (readRange(readAddress().search).kind === "between") write(DEFAULT_RANGE);
}

function write(range: TimeRange): void {
  navigate(withSearch(location.pathname, writeRange(readAddress().search, range)));
}
