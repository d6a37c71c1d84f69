import { describe, expect, it } from "vitest";
import { complaintOf, latency, percent, type CheckState, type CheckStatus, type ListedCheck } from "./check";
import { allTagsOf, blocksOf, countsOf, groupsOf, linesOf, matching } from "./checkList";

let id = 0;
const check = (name: string, state: CheckState = "up", group = "", tags: Record<string, string> = {}): ListedCheck =>
  ({ id: (id += 1), name, type: "http", url: `https://${name}.example.com`, group, tags, status: { state } }) as unknown as ListedCheck;

const ALL = [check("web 10", "up", "Shop", { env: "prod" }), check("web 9", "up", "Shop"), check("pay", "down", "Shop", { env: "prod" }), check("old", "paused"), check("auth", "degraded", "Access")];
const ANY = { state: null, group: null, tag: null, text: "" };

describe("the list of checks", () => {
  it("is by group, the worst first and numbers as people count; those of none at the end", () => {
    const said = linesOf(ALL).map((line) => (line.kind === "group" ? `# ${line.name} ${line.count} ${line.ailing} ${line.worst}` : line.check.name));
    expect(said).toEqual(["# Access 1 1 degraded", "auth", "# Shop 3 1 down", "pay", "web 9", "web 10", "#  1 0 paused", "old"]);
  });

  it("has no headings where there are no groups", () => {
    expect(linesOf([check("b"), check("a")]).map((line) => line.kind)).toEqual(["check", "check"]);
    expect(linesOf([])).toEqual([]);
  });

  it("is narrowed by state, group, tag and words", () => {
    const names = (wanted: Partial<typeof ANY> | object): string[] => matching(ALL, { ...ANY, ...wanted }).map((one) => one.name);
    expect(names({ state: "down" })).toEqual(["pay"]);
    expect(names({ group: "" })).toEqual(["old"]);
    expect(names({ tag: "env:prod" })).toEqual(["web 10", "pay"]);
    expect(names({ text: "WEB shop" })).toEqual(["web 10", "web 9"]);
    expect(names({ text: "pay.example" })).toEqual(["pay"]);
  });

  it("counts states, the worst first", () => {
    expect(countsOf(ALL)).toEqual([["down", 1], ["degraded", 1], ["paused", 1], ["up", 2]]);
    expect(groupsOf(ALL)).toEqual(["Access", "Shop", ""]);
    expect(allTagsOf(ALL)).toEqual(["env:prod"]);
  });

  it("asks for strips by whole blocks", () => {
    expect(blocksOf(0, 19, 20)).toEqual([0]);
    expect(blocksOf(15, 41, 20)).toEqual([0, 1, 2]);
    expect(blocksOf(-6, 20, 20)).toEqual([0]);
    expect(blocksOf(0, 0, 20)).toEqual([]);
  });
});

describe("words of checks", () => {
  it("never round an uptime up to all of it", () => {
    expect([1, 0.99999, 0.9995, 0.9, 0, null].map(percent)).toEqual(["100 %", "99.99 %", "99.95 %", "90.00 %", "0.00 %", "–"]);
  });

  it("say latencies with three digits", () => {
    expect([0.04, 4.107, 54.06, 628.6, 1250, 12_345, null].map(latency)).toEqual(["0.04 ms", "4.1 ms", "54.1 ms", "629 ms", "1.25 s", "12.3 s", "–"]);
  });

  it("say what is wrong: the probe's message, else its reason, else why the state is so", () => {
    const say = (part: Partial<CheckStatus>): string => complaintOf({ state: "down", reason: "verdict", probe_reason: "", message: "", ...part } as CheckStatus);
    expect(say({ message: "latency is 812 ms" })).toBe("latency is 812 ms");
    expect(say({ probe_reason: "connection_refused" })).toBe("Connection refused");
    expect(say({ state: "paused", reason: "switched_off" })).toBe("Switched off");
    expect(say({ state: "up", message: "old" })).toBe("");
  });
});
