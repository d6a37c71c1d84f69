import type { Tone } from "../../parts/StateWord";

/** A container as GET /api/containers tells it; figures are null where they are not known. */
export interface Container {
  id: string;
  name: string;
  image: string;
  state: string;
  /** One line, as `docker ps` words it. */
  status: string;
  health: "healthy" | "unhealthy" | "starting" | "none";
  started_at: string | null;
  finished_at: string | null;
  exit_code: number | null;
  restarts: number;
  /** 100 is one whole core. */
  cpu_percent: number | null;
  cpu_percent_of_limit: number | null;
  cpu_limit: number | null;
  memory_bytes: number | null;
  memory_limit_bytes: number | null;
  memory_percent: number | null;
  network_rx_bytes: number | null;
  network_tx_bytes: number | null;
  /** Percent of the limit above which an alert is raised; null where it is switched off. */
  cpu_threshold: number | null;
  memory_threshold: number | null;
  timestamp: string | null;
  labels: Record<string, string>;
}

export interface Verdict {
  tone: Tone;
  word: string;
  /** Trouble first. */
  weight: number;
}

/** How a container is doing in a word: what it says of its own health weighs more than that it runs. */
export function verdictOf(container: Container): Verdict {
  if (container.state === "restarting") return { tone: "critical", word: "Restarting", weight: 4 };
  if (container.state === "dead") return { tone: "critical", word: "Dead", weight: 4 };
  if (container.health === "unhealthy") return { tone: "critical", word: "Unhealthy", weight: 3 };
  if (container.state === "running") return container.health === "starting" ? { tone: "neutral", word: "Starting", weight: 1 } : { tone: "good", word: container.health === "healthy" ? "Healthy" : "Running", weight: 0 };
  if (container.state === "exited" && container.exit_code) return { tone: "warning", word: `Exited (${container.exit_code})`, weight: 2 };
  return { tone: "neutral", word: container.state.charAt(0).toUpperCase() + container.state.slice(1), weight: container.state === "paused" ? 1 : -1 };
}

/** Whether a share is above its threshold: what the alert will say if it lasts. */
export const above = (percent: number | null, threshold: number | null): boolean => percent !== null && threshold !== null && percent > threshold;

/** What runs on the host's network, or on none, has no figures of its own while the others are known. */
export const lacksNetwork = (container: Container): boolean => container.state === "running" && container.cpu_percent !== null && container.network_rx_bytes === null;

export type Column = "name" | "state" | "cpu" | "memory" | "restarts" | "started";

/** As heavy as having exited by itself. */
const ABOVE_THRESHOLD = 2;

const FIGURES: Record<Exclude<Column, "name">, (container: Container) => number> = {
  state: (one) => Math.max(verdictOf(one).weight, above(one.cpu_percent_of_limit, one.cpu_threshold) || above(one.memory_percent, one.memory_threshold) ? ABOVE_THRESHOLD : -1),
  cpu: (one) => one.cpu_percent ?? -1,
  memory: (one) => one.memory_bytes ?? -1,
  restarts: (one) => one.restarts,
  started: (one) => Date.parse(one.started_at ?? "") || 0,
};

/** By a column, figures from the largest down, equal ones by name. */
export function sorted(containers: readonly Container[], column: Column): Container[] {
  const byName = (a: Container, b: Container): number => a.name.localeCompare(b.name, undefined, { numeric: true });
  if (column === "name") return [...containers].sort(byName);
  const figure = FIGURES[column];
  return [...containers].sort((a, b) => figure(b) - figure(a) || byName(a, b));
}

/** Those whose name, image, id or labels hold all words. */
export function found(containers: readonly Container[], text: string): Container[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return containers.filter((one) => {
    const all = `${one.name} ${one.image} ${one.id} ${Object.entries(one.labels).map(([name, value]) => `${name}=${value}`).join(" ")}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
