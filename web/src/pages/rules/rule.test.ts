import { describe, expect, it } from "vitest";
import { canBeJudged, draftOf, draftOfFileRule, gapsOf, inOtherForm, NEW_DRAFT, placed, ruleOf, type StoredRule } from "./rule";

const STORED: StoredRule = { name: "Hot", expr: "(a + b) > 5", for_ms: 90_000, severity: "critical", labels: { team: "db" }, annotations: { summary: "hot" }, data: "(a + b)", no_data: "alert", query_failed: "keep", enabled: true };

describe("a draft", () => {
  it("of a rule with a bound has the simple form, and says the same", () => {
    const draft = draftOf(STORED);
    expect([draft.simple, draft.query, draft.value, draft.hold]).toEqual([true, "(a + b)", "5", "1m30s"]);
    expect(ruleOf(draft)).toMatchObject({ condition: { query: "(a + b)", comparison: ">", value: 5 }, for: "1m30s", labels: { team: "db" }, no_data: "alert" });
  });
  it("of another rule keeps its expressions", () => {
    const draft = draftOf({ ...STORED, expr: "a > 5", data: "c", for_ms: 1500 });
    expect(ruleOf(draft)).toMatchObject({ expr: "a > 5", data: "c", for: "1500ms" });
  });
  it("leaves out labels and annotations that say nothing", () => expect(ruleOf({ ...NEW_DRAFT, labels: [{ name: " team ", value: "db" }, { name: "", value: "" }] })).toMatchObject({ labels: { team: "db" }, annotations: {} }));
  it("of a file's rule takes the severity that the catalog knows", () => {
    const rule = { name: "Hot", query: "a > 5", duration: 60, labels: { severity: "page", team: "db" }, annotations: {} };
    expect(draftOfFileRule(rule)).toMatchObject({ severity: "warning", simple: true, query: "a", hold: "1m", labels: [{ name: "team", value: "db" }] });
  });
});

describe("the other form", () => {
  it("says the same both ways", () => {
    const expression = inOtherForm({ ...NEW_DRAFT, query: "a + b", value: "5" });
    expect([expression?.expr, expression?.data]).toEqual(["(a + b) > 5", "(a + b)"]);
    expect(inOtherForm(expression ?? NEW_DRAFT)).toMatchObject({ simple: true, query: "(a + b)", comparison: ">", value: "5" });
  });
  it("is not there for what compares more than a query with a number", () => expect(inOtherForm({ ...NEW_DRAFT, simple: false, expr: "a > 5 and b" })).toBeNull());
});

describe("gaps", () => {
  it("name what is missing", () => expect(Object.keys(gapsOf(NEW_DRAFT, new Set()))).toEqual(["name", "condition", "value"]));
  it("tell a name that is taken, which keeps no rule from being judged", () => {
    const gaps = gapsOf({ ...NEW_DRAFT, name: "Hot", query: "a", value: "5" }, new Set(["Hot"]));
    expect([gaps.name, canBeJudged(gaps)]).toEqual(["A rule of this name is there already", true]);
  });
  it("tell a label that stands there twice", () => expect(gapsOf({ ...NEW_DRAFT, labels: [{ name: "a", value: "1" }, { name: "a", value: "2" }] }, new Set()).labels).toBe("a stands there twice"));
});

describe("errors stand at their place", () => {
  it.each([
    [{ code: "query_malformed", error: "expr: 1:5: parse error: unexpected end", field: "expr" }, "condition", "1:5: parse error: unexpected end"],
    [{ code: "field_invalid", error: "for: 'x' is no duration", field: "for" }, "hold", "'x' is no duration"],
    [{ code: "bad_data", error: "alert rule 'Hot': annotation 'summary': unclosed action" }, "annotations", "annotation 'summary': unclosed action"],
    [{ code: "bad_data", error: "alert rule 'it\\'s': label 'a' uses $value" }, "labels", "label 'a' uses $value"],
    [{ code: "not_supported", error: "rules are evaluated for one tenant" }, "rule", "rules are evaluated for one tenant"],
  ])("%o", (error, place, message) => expect(placed(error)).toEqual({ place, message }));
});
