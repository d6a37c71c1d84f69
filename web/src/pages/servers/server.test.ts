import { describe, expect, it } from "vitest";
import { byTrouble, foundServers, metricsOf, verdictOn, type Server } from "./server";

const NOW = Date.parse("2026-11-21T12:00:00Z") / 1000;
const server = (hostname: string, last_seen: string | null, parts: Partial<Server> = {}): Server => ({
  id: hostname, hostname, ip_address: "192.0.2.1", os: "Debian 13", labels: {}, agent_version: "1.2", created_at: "", updated_at: "", last_seen, ...parts,
});

describe("verdictOn", () => {
  it.each([
    ["2026-11-21T11:59:00Z", "Reporting"],
    ["2026-11-21T11:55:00Z", "Reporting"],
    ["2026-11-21T11:54:59Z", "Silent"],
    [null, "No report yet"],
  ])("a server last seen at %s is %s", (seen, word) => expect(verdictOn(server("a", seen), NOW).word).toBe(word));
});

it("puts silent servers first and names in the order of their numbers", () => {
  const all = [server("web-10", "2026-11-21T11:59:59Z"), server("web-2", "2026-11-21T11:59:59Z"), server("old", "2026-11-20T00:00:00Z"), server("new", null)];
  expect(byTrouble(all, NOW).map((one) => one.hostname)).toEqual(["old", "new", "web-2", "web-10"]);
});

it("finds by labels and by what a server says of itself", () => {
  const all = [server("a", null, { labels: { env: "prod" } }), server("b", null, { os: "Alpine" })];
  expect(foundServers(all, "ENV=prod").map((one) => one.hostname)).toEqual(["a"]);
  expect(foundServers(all, "alpine 1.2").map((one) => one.hostname)).toEqual(["b"]);
  expect(foundServers(all, "")).toHaveLength(2);
});

it("names every reported metric once, with the labels of its series", () => {
  const one = (metric_type: string, metric_name: string, labels: Record<string, string> = {}) => ({ metric_type, metric_name, labels, value: 1, timestamp: "" });
  expect(metricsOf([one("memory", "used"), one("cpu", "usage", { core: "0" }), one("cpu", "usage", { core: "1", node: "a" }), one("cpu", "idle")])).toEqual([
    { name: "cpu_idle", labels: [] },
    { name: "cpu_usage", labels: ["core", "node"] },
    { name: "memory_used", labels: [] },
  ]);
});
