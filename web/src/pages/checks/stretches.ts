import { secondsOf, type CheckState, type Transition } from "./check";

/** A check stood so from one moment to another; Unix seconds. */
export interface Stretch {
  from: number;
  to: number;
  state: CheckState;
  /** What was said of it at its worst: the first words that there were. */
  message: string;
}

/** How a check stood within a window, without gaps from its first transition on; what only changed its reason goes on as one. */
export function stretchesOf(transitions: readonly Transition[], from: number, to: number): Stretch[] {
  const out: Stretch[] = [];
  for (const [at, one] of transitions.entries()) {
    const next = transitions[at + 1];
    const begins = Math.max(from, secondsOf(one.at));
    const ends = Math.min(to, next ? secondsOf(next.at) : to);
    if (ends <= begins) continue;
    const last = out.at(-1);
    if (last && last.state === one.state && last.to >= begins) {
      last.to = ends;
      last.message ||= one.message;
    } else out.push({ from: begins, to: ends, state: one.state, message: one.message });
  }
  return out;
}

/** Of so many that each would be thinner than a pixel, neighbours are drawn as one, in the state of the worst. worst: states in that order. */
export function merged(stretches: readonly Stretch[], most: number, worst: (state: CheckState) => number): Stretch[] {
  if (stretches.length <= most) return [...stretches];
  const first = stretches[0] as Stretch;
  const length = ((stretches.at(-1) as Stretch).to - first.from) / most;
  const out: Stretch[] = [];
  for (const one of stretches) {
    const last = out.at(-1);
    if (last && one.to - last.from < length) {
      if (worst(one.state) < worst(last.state)) Object.assign(last, { state: one.state, message: one.message });
      last.to = one.to;
    } else out.push({ ...one });
  }
  return out;
}
