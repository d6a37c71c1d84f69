import { describe, expect, it } from "vitest";
import { fromSilence, matchersOf, OPERATORS, parseWanted, satisfies, toSilence, writeMatcher } from "./matchers";

const read = (text: string): string[] => parseWanted(text).matchers.map(writeMatcher);

describe("parseWanted", () => {
  it("reads matchers with and without braces, quotes and spaces", () => {
    expect(read('{team="db", severity=~"crit.*"}')).toEqual(['team="db"', 'severity=~"crit.*"']);
    expect(read("team=db,host!=web-1 , zone!~eu-.*")).toEqual(['team="db"', 'host!="web-1"', 'zone!~"eu-.*"']);
    expect(read('"a b"="c, \\"d\\""')).toEqual(['"a b"="c, \\"d\\""']);
    expect(read('team=""')).toEqual(['team=""']);
    expect(read("team=")).toEqual(['team=""']);
  });
  it("takes a text without an operator for words", () => expect(parseWanted("  disk full ")).toEqual({ matchers: [], words: "disk full", problem: null }));
  it("says where it cannot go on", () => expect(parseWanted('team="db" oops').problem).toContain('team="db" oops'));
  it("says which regex cannot be read", () => expect(parseWanted('team=~"("').problem).toBe("The regex of team cannot be read: ("));
  it("is quick with whatever is typed", () => {
    const began = performance.now();
    parseWanted(`a=${" x".repeat(20_000)}"`);
    parseWanted(`a="${"\\".repeat(20_001)}`);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});

describe("satisfies", () => {
  const labels = { team: "db", path: "a\nb" };
  const holds = (text: string): boolean => parseWanted(text).matchers.every((one) => satisfies(labels, one));
  it("compares whole values", () => {
    expect(holds("team=db")).toBe(true);
    expect(holds("team=~d")).toBe(false);
    expect(holds("team=~d.|x")).toBe(true);
    expect(holds('team=~"(?i)DB"')).toBe(true);
    expect(holds('path=~"a.b"')).toBe(true);
  });
  it("takes a missing label for an empty one", () => {
    expect(holds('host=""')).toBe(true);
    expect(holds("host!=x")).toBe(true);
    expect(holds('host!~".+"')).toBe(true);
  });
});

it("writes matchers of an alert with its name first", () => expect(matchersOf({ b: "1", alertname: "Hot", a: "2" }).map(writeMatcher)).toEqual(['alertname="Hot"', 'a="2"', 'b="1"']));

it("keeps every operator on the way to a silence and back", () => {
  for (const op of OPERATORS) expect(fromSilence(toSilence({ name: "a", op, value: "b" })).op).toBe(op);
  expect(fromSilence({ name: "a", value: "b", isRegex: false }).op).toBe("=");
});
