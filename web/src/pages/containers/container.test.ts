import { expect, it } from "vitest";
import { above, found, sorted, verdictOf, type Container } from "./container";

const container = (name: string, parts: Partial<Container> = {}): Container => ({
  id: "f".repeat(64), name, image: "nginx:1", state: "running", status: "Up", health: "none", started_at: "2026-11-21T12:00:00Z", finished_at: null, exit_code: null, restarts: 0,
  cpu_percent: 1, cpu_percent_of_limit: 1, cpu_limit: 2, memory_bytes: 1, memory_limit_bytes: 2, memory_percent: 50, network_rx_bytes: null, network_tx_bytes: null,
  cpu_threshold: 90, memory_threshold: 85, timestamp: null, labels: {}, ...parts,
});

it("says how a container is doing", () => {
  expect(verdictOf(container("a")).word).toBe("Running");
  expect(verdictOf(container("a", { health: "unhealthy" })).tone).toBe("critical");
  expect(verdictOf(container("a", { state: "exited", exit_code: 137 })).word).toBe("Exited (137)");
  expect(verdictOf(container("a", { state: "exited", exit_code: 0 })).tone).toBe("neutral");
});
it("sorts figures from the largest and names by their numbers", () => {
  const all = [container("web-10", { cpu_percent: 5 }), container("web-2", { cpu_percent: 5 }), container("db", { cpu_percent: 50 })];
  expect(sorted(all, "cpu").map((one) => one.name)).toEqual(["db", "web-2", "web-10"]);
  expect(sorted(all, "name").map((one) => one.name)).toEqual(["db", "web-2", "web-10"]);
});
it("puts trouble first, and what is above its threshold before what is well", () => {
  const all = [container("well"), container("busy", { cpu_percent_of_limit: 91 }), container("off", { cpu_percent_of_limit: 99, cpu_threshold: null }), container("sick", { health: "unhealthy" })];
  expect(sorted(all, "state").map((one) => one.name)).toEqual(["sick", "busy", "off", "well"]);
});
it("finds by labels too", () => expect(found([container("a", { labels: { project: "shop" } }), container("b")], "project=SHOP").length).toBe(1));
it("is above only what is set", () => {
  expect(above(95, 90)).toBe(true);
  expect(above(95, null)).toBe(false);
  expect(above(null, 90)).toBe(false);
});
