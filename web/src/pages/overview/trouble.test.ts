import { describe, expect, it } from "vitest";
import type { Alert, Target } from "../../api/responses";
import type { ListedCheck } from "../checks/check";
import type { Container } from "../containers/container";
import type { Server } from "../servers/server";
import { alertTroubles, byWeight, checkTroubles, containerTroubles, diskTroubles, gathered, headline, hostTroubles, serverTroubles, targetTroubles, type Trouble } from "./trouble";

const NOW = Date.parse("2026-11-21T12:00:00Z") / 1000;
const alert = (state: Alert["state"], labels: Record<string, string>): Alert => ({ labels: { alertname: "Hot", ...labels }, annotations: { summary: "It is hot" }, state, activeAt: "2026-11-21T11:50:00Z", value: "1" });
const target = (instance: string, health: Target["health"]): Target => ({
  labels: { job: "node", instance }, discoveredLabels: {}, scrapePool: "node", scrapeUrl: `http://${instance}/metrics`, globalUrl: "", lastError: health === "down" ? "connection refused" : "", lastScrape: "", lastScrapeDuration: 0, health, scrapeInterval: "15s", scrapeTimeout: "10s",
});
const container = (name: string, parts: Partial<Container>): Container => ({
  id: name, name, image: "nginx:1", state: "running", status: "Up", health: "none", started_at: null, finished_at: null, exit_code: 0, restarts: 0, cpu_percent: null, cpu_percent_of_limit: null, cpu_limit: null,
  memory_bytes: null, memory_limit_bytes: null, memory_percent: null, network_rx_bytes: null, network_tx_bytes: null, cpu_threshold: null, memory_threshold: null, timestamp: null, labels: {}, ...parts,
});
const check = (id: number, state: ListedCheck["status"]["state"], message = ""): ListedCheck => ({
  id, name: `shop ${id}`, type: "http", url: "https://shop.example", group: "", tags: {}, enabled: true, status: { state, since: "2026-11-21T11:55:00Z", reason: "verdict", probe_reason: "timeout", message, last_at: null, latency_ms: null, incident_id: null },
});
const subjects = (troubles: readonly Trouble[]): string[] => troubles.map((trouble) => trouble.subject);

describe("alertTroubles", () => {
  it("does not tell of a target that is down twice", () => {
    const alerts = [alert("firing", { alertname: "HostDown", instance: "a:1" }), alert("firing", { alertname: "HostDown", instance: "b:1" })];
    expect(alertTroubles(alerts, ["a:1"]).map((one) => one.subject)).toEqual(["b:1"]);
  });

  it("does not tell of a check twice, and tells of what else is said of one", () => {
    const about = (alertname: string, name: string): Alert => alert("firing", { alertname, check: name });
    const all = [about("CheckDown", "shop 1"), about("CheckDegraded", "shop 2"), about("CheckDown", "shop 3"), about("CheckDown", "gone"), about("SlowShop", "shop 1")];
    const found = alertTroubles(all, [], [check(1, "down"), check(2, "degraded"), check(3, "up")]);
    expect(found.map((one) => [one.subject, one.to])).toEqual([["shop 3", "/checks/3"], ["gone", "/alerts"], ["shop 1", "/checks/1"]]);
  });

  it("leads to what the alert is about", () => {
    const found = alertTroubles([alert("firing", { instance: "a.b" }), alert("firing", { id: "f", name: "web-1", instance: "a.b" }), alert("firing", { server_id: "7", hostname: "db" }), alert("firing", {})]);
    expect(found.map((one) => one.to)).toEqual(["/hosts/a.b", "/containers/web-1", "/servers/db", "/alerts"]);
  });
  it("leaves out what is over, and calls pending and unknown a warning", () => {
    const found = alertTroubles([alert("resolved", {}), alert("pending", {}), alert("unknown", {})]);
    expect(found.map((one) => [one.tone, one.word])).toEqual([["warning", "Pending"], ["warning", "Unknown"]]);
  });
});

it("names a target that is down, with its error and since when", () => {
  const [only, ...others] = targetTroubles([target("a", "up"), target("b", "down"), target("c", "unknown")], new Map([["b", NOW - 60]]));
  expect(only).toMatchObject({ subject: "b", since: NOW - 60, summary: "Target of node: connection refused" });
  expect(others).toEqual([]);
});

it("names checks that are down or degraded, with what they found; others are not to blame", () => {
  const found = checkTroubles([check(1, "up"), check(2, "down", "no answer within 10 s"), check(3, "degraded"), check(4, "unreachable"), check(5, "unknown"), check(6, "paused"), check(7, "maintenance")]);
  expect(found.map((one) => [one.subject, one.tone, one.word, one.to, one.since])).toEqual([["shop 2", "critical", "Down", "/checks/2", NOW - 300], ["shop 3", "warning", "Degraded", "/checks/3", NOW - 300]]);
  expect(found.map((one) => one.summary)).toEqual(["Check of https://shop.example: no answer within 10 s", "Check of https://shop.example: Timeout"]);
});

describe("gathered", () => {
  const down = (...names: string[]): Trouble[] => targetTroubles(names.map((name) => target(name, "down")), new Map([["b", NOW - 60], ["c", NOW - 90]]));
  it("leaves three of a kind apart", () => expect(subjects(gathered(down("a", "b", "c")))).toEqual(["a", "b", "c"]));
  it("counts more, since the first of them", () => {
    const found = gathered([...down("a", "b", "c", "d", "e"), ...alertTroubles([alert("firing", {})])]);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({ subject: "5 targets", word: "Down", summary: "Targets of node: a, b, c and 2 more", since: NOW - 90, to: "/targets" });
  });
  it("keeps the states of one kind apart", () => {
    const alerts = [alert("firing", {}), alert("firing", {}), alert("pending", {}), alert("pending", {})];
    expect(gathered(alertTroubles(alerts))).toHaveLength(4);
  });
});

it("a host is silent after 30 s, and no news after a day", () => {
  const reported = new Map([["fresh", NOW - 30], ["silent", NOW - 31], ["gone", NOW - 86_401]]);
  expect(subjects(hostTroubles(reported, NOW))).toEqual(["silent"]);
});

it("tells the fullest filesystem of a host once, by its shortest path", () => {
  const reading = (mountpoint: string, value: number) => ({ labels: { instance: "a", mountpoint }, value });
  const found = diskTroubles([reading("/etc/hosts", 95), reading("/", 95), reading("/srv", 85)]);
  expect(found.map((one) => [one.word, one.summary])).toEqual([["Nearly full", "/ is 95 % full"]]);
  expect(diskTroubles([reading("/", 80)])).toEqual([]);
});

describe("containerTroubles", () => {
  it("tells of the unwell, and of those that failed within the hour", () => {
    const all = [
      container("well", {}),
      container("sick", { health: "unhealthy" }),
      container("failed", { state: "exited", exit_code: 137, finished_at: "2026-11-21T11:30:00Z" }),
      container("done", { state: "exited", exit_code: 0, finished_at: "2026-11-21T11:30:00Z" }),
      container("long ago", { state: "exited", exit_code: 1, finished_at: "2026-11-21T10:30:00Z" }),
    ];
    expect(subjects(containerTroubles(all, [], NOW))).toEqual(["sick", "failed"]);
  });
  it("is silent where an alert speaks", () => {
    expect(containerTroubles([container("sick", { health: "unhealthy" })], [alert("firing", { id: "sick", name: "sick" })], NOW)).toEqual([]);
    expect(containerTroubles([container("sick", { health: "unhealthy" })], [alert("resolved", { id: "sick", name: "sick" })], NOW)).toHaveLength(1);
  });
});

it("a server is silent after five minutes, unless it never reported", () => {
  const server = (hostname: string, last_seen: string | null): Server => ({ id: hostname, hostname, ip_address: "", os: "", labels: {}, agent_version: "", created_at: "", updated_at: "", last_seen });
  const all = [server("fresh", "2026-11-21T11:55:00Z"), server("silent", "2026-11-21T11:54:59Z"), server("new", null), server("gone", "2026-11-20T11:00:00Z")];
  expect(subjects(serverTroubles(all, NOW))).toEqual(["silent"]);
});

it("puts the worst first, then what has lasted longest, then what lasts unknown", () => {
  const trouble = (subject: string, tone: Trouble["tone"], since: number | null): Trouble => ({ key: subject, tone, word: "", subject, summary: "", to: "", since, kind: { nouns: "", summary: "", to: "" } });
  const all = [trouble("w", "warning", 1), trouble("b", "critical", null), trouble("young", "critical", 9), trouble("old", "critical", 2), trouble("a", "critical", null)];
  expect(subjects(byWeight(all))).toEqual(["old", "young", "a", "b", "w"]);
  expect(headline(all)).toBe("4 things are wrong");
  expect(headline([trouble("w", "warning", 1)])).toBe("1 thing to look at");
  expect(headline([])).toBe("Nothing is wrong");
});
