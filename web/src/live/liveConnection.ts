import type { Frame } from "../api/responses";
import { readToken, socketProtocols } from "../api/token";
import { setClockFromSample } from "../time/clock";
import { createStore } from "./store";

export type LiveState = "connecting" | "open" | "reconnecting";

/** What a page wants to hear: new samples exist, or an alert changed. */
export interface LiveEvents {
  onTick(): void;
  onAlert(): void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
const POLL_MS = 5_000;
/** With no host that reports nothing is heard, while other figures move: then pages read again after so long. */
const LONGEST_SILENCE_MS = 10_000;
/** Several sample frames belong to one report; one fetch answers them all. */
const GATHER_MS = 250;

export const liveState = createStore<LiveState>("connecting");

/**
 * Listens to the server's socket for as long as the page lives. While the socket is lost it polls
 * in its place and retries with growing pauses; when it is back, one tick fills the gap.
 */
export function openLive(events: LiveEvents): () => void {
  let socket: WebSocket | null = null;
  let retryMs = FIRST_RETRY_MS;
  let retryTimer = 0;
  let gatherTimer = 0;
  let closed = false;
  let ticksMissed = false;
  let lastTick = performance.now();

  const tick = (): void => {
    lastTick = performance.now();
    if (document.hidden) {
      ticksMissed = true;
      return;
    }
    if (gatherTimer) return;
    gatherTimer = window.setTimeout(() => {
      gatherTimer = 0;
      events.onTick();
    }, GATHER_MS);
  };

  const pollTimer = window.setInterval(() => {
    if (liveState.get() !== "open") {
      tick();
      if (!document.hidden) events.onAlert();
    } else if (performance.now() - lastTick >= LONGEST_SILENCE_MS) tick();
  }, POLL_MS);

  const connect = (): void => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const address = `${scheme}://${location.host}/ws?match[]=node_time_seconds`;
    const opening = new WebSocket(address, socketProtocols(readToken()));
    socket = opening;
    opening.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      if (liveState.get() === "reconnecting") {
        tick();
        events.onAlert();
      }
      liveState.set("open");
    };
    opening.onmessage = (message) => hear(JSON.parse(String(message.data)) as Frame);
    opening.onclose = () => {
      if (closed || socket !== opening) return;
      liveState.set("reconnecting");
      retryTimer = window.setTimeout(connect, retryMs * (0.75 + Math.random() / 2));
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    };
  };

  const hear = (frame: Frame): void => {
    if (frame.type === "samples") {
      const newest = Math.max(...frame.series.map((series) => series.values.at(-1)?.[0] ?? 0));
      if (newest > 0) setClockFromSample(newest);
      tick();
    } else if (frame.type === "alert") events.onAlert();
    else if (frame.type === "dropped") {
      tick();
      if (frame.alerts !== 0) events.onAlert();
    }
  };

  const onVisible = (): void => {
    if (document.hidden || !ticksMissed) return;
    ticksMissed = false;
    tick();
    events.onAlert();
  };

  document.addEventListener("visibilitychange", onVisible);
  connect();

  return () => {
    closed = true;
    document.removeEventListener("visibilitychange", onVisible);
    window.clearInterval(pollTimer);
    window.clearTimeout(retryTimer);
    window.clearTimeout(gatherTimer);
    socket?.close();
    liveState.set("connecting");
  };
}
