import { expect, it } from "vitest";
import type { Target } from "../../api/responses";
import { jobsOf, matching, toneOf } from "./jobs";

const target = (scrapePool: string, instance: string, health: Target["health"], lastError = ""): Target => ({
  scrapePool, health, lastError, labels: { job: scrapePool, instance }, discoveredLabels: {}, scrapeUrl: `http://${instance}/metrics`, globalUrl: "",
  lastScrape: "2026-11-21T12:00:00Z", lastScrapeDuration: 0.01, scrapeInterval: "15s", scrapeTimeout: "10s",
});
const targets = [target("a", "a10:1", "up"), target("a", "a9:1", "up"), target("b", "b1:1", "up"), target("b", "b2:1", "down", "connection refused")];

it("puts jobs and targets with trouble first", () =>
  expect(jobsOf(targets).map((job) => [job.name, job.up, job.targets.map((one) => one.labels.instance)])).toEqual([
    ["b", 1, ["b2:1", "b1:1"]],
    ["a", 2, ["a9:1", "a10:1"]],
  ]));
it("finds by state and by words anywhere", () => {
  expect(matching(targets, "down", "").length).toBe(1);
  expect(matching(targets, "all", "instance=a1 JOB=a").length).toBe(1);
  expect(matching(targets, "all", "refused").length).toBe(1);
});

it("calls a job as bad as its worst target", () => {
  const [b, a] = jobsOf(targets);
  expect([a, b].map((job) => job && toneOf(job))).toEqual(["good", "critical"]);
  expect(jobsOf([target("c", "c1:1", "unknown")]).map(toneOf)).toEqual(["neutral"]);
});
