import { describe, expect, it } from "vitest";
import type { Silence } from "../api/alerting";
import { absoluteTime } from "../time/words";
import { draftOf, formOf, neverEnds, problemsOf, type Form } from "./draft";
import { newWindow } from "./recurrence";

const NOW = Date.UTC(2026, 10, 22, 12) / 1000;
const form = (part: Partial<Form>): Form => ({ matchers: [{ name: "team", op: "=", value: "db" }], from: "", until: absoluteTime(NOW + 3600), author: "ada", comment: "disks", windows: [], ...part });

describe("problemsOf", () => {
  it("finds nothing wrong with what can be saved", () => {
    expect(problemsOf(form({}), NOW)).toEqual({});
    expect(problemsOf(form({ until: "", windows: [newWindow("UTC")] }), NOW)).toEqual({});
    expect(problemsOf(form({ matchers: [{ name: "alertname", op: "!=", value: "Watchdog" }] }), NOW)).toEqual({});
  });
  it("refuses what would hold everything", () => {
    for (const matcher of [{ name: "a", op: "=~", value: ".*" }, { name: "a", op: "=", value: "" }] as const) expect(problemsOf(form({ matchers: [matcher] }), NOW).matchers).toContain("all alerts");
    expect(problemsOf(form({ matchers: [{ name: " ", op: "=", value: "x" }] }), NOW).matchers).toContain("name");
    expect(problemsOf(form({ matchers: [] }), NOW).matchers).toContain("name");
  });
  it("wants an end after the start, and none in the past", () => {
    expect(problemsOf(form({ until: "" }), NOW).until).toContain("recurs");
    expect(problemsOf(form({ until: "tomorrow" }), NOW).until).toContain("2026");
    expect(problemsOf(form({ until: absoluteTime(NOW - 60) }), NOW).until).toContain("over");
    expect(problemsOf(form({ from: absoluteTime(NOW + 7200) }), NOW).until).toContain("after");
    expect(problemsOf(form({ from: "soon" }), NOW).from).toContain("2026");
  });
  it("wants to know who and why", () => expect(Object.keys(problemsOf(form({ author: " ", comment: "" }), NOW))).toEqual(["author", "comment"]));
});

it("sends what the form says, and reads it back", () => {
  const draft = draftOf(form({ windows: [newWindow("Europe/Berlin")] }), NOW, "x");
  expect(draft).toEqual({
    id: "x", matchers: [{ name: "team", value: "db", isRegex: false, isEqual: true }], startsAt: "2026-11-22T12:00:00.000Z", endsAt: "2026-11-22T13:00:00.000Z", createdBy: "ada", comment: "disks",
    recurrence: [{ times: [{ start_time: "02:00", end_time: "04:00" }], weekdays: ["sunday"], location: "Europe/Berlin" }],
  });
  const silence: Silence = { ...draft, id: "x", endsAt: draft.endsAt ?? "", updatedAt: "", status: { state: "active" } };
  expect(draftOf(formOf(silence, absoluteTime), 0, "x")).toEqual(draft);
});

it("knows what never ends", () => {
  expect(neverEnds({ endsAt: "9999-12-31T23:59:59.999Z" })).toBe(true);
  expect(neverEnds({ endsAt: "2027-01-01T00:00:00.000Z" })).toBe(false);
  expect(draftOf(form({ until: "", windows: [newWindow("")] }), NOW, null)).not.toHaveProperty("endsAt");
});
