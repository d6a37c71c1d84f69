import { createStore } from "../live/store";

export interface Reachability {
  /** The server answered the latest request. */
  reachable: boolean;
  /** When it last answered, in browser seconds; null before the first answer. */
  lastAnswer: number | null;
  /** It asks for a token that we lack. */
  locked: boolean;
}

export const reachability = createStore<Reachability>({ reachable: true, lastAnswer: null, locked: false });

export function noteAnswer(status: number): void {
  reachability.set({ reachable: true, lastAnswer: Date.now() / 1000, locked: status === 401 });
}

export function noteSilence(): void {
  reachability.set({ ...reachability.get(), reachable: false });
}
