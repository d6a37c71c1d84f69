import { describe, expect, it } from "vitest";
import type { NamedCheck } from "./useCheckNames";
import { covered, EVERYTHING, formOf, newWindowForm, problemsOf, sayCron, sayRule, sayScope, sayWhen, weeklyCron, weeklyOf, windowOf, type MaintenanceWindow, type WindowForm } from "./window";

const form = (part: Partial<WindowForm> = {}): WindowForm => ({ ...newWindowForm("Europe/Berlin", "2026-11-21 14:00", "2026-11-21 16:00"), name: "patches", ...part });
const days = (...chosen: number[]): boolean[] => Array.from({ length: 7 }, (_, day) => chosen.includes(day));
const write = (time: number): string => new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ");

describe("weekly windows", () => {
  it("are cron expressions", () => expect(weeklyCron(days(0, 3), "02:30")).toBe("30 2 * * SUN,WED"));
  it("are every day where all days are chosen", () => expect(weeklyCron(days(0, 1, 2, 3, 4, 5, 6), "02:00")).toBe("0 2 * * *"));
  it.each(["30 2 * * 0,3", "30 2 * * SUN,WED", "30 2 * * 3,7"])("are read from %s", (cron) => expect(weeklyOf(cron)).toEqual({ days: days(0, 3), at: "02:30" }));
  it("are read with ranges", () => expect(weeklyOf("0 9 * * MON-FRI")?.days).toEqual(days(1, 2, 3, 4, 5)));
  it.each(["*/5 2 * * *", "0 2 1 * *", "0 2 * 12 SUN", "0 2 * * 1#2", "0 2"])("are not %s", (cron) => expect(weeklyOf(cron)).toBeNull());
});

describe("sayCron", () => {
  it("says days of the week", () => expect(sayCron("0 2 * * SUN")).toBe("Every Sunday at 02:00"));
  it("says working days", () => expect(sayCron("5 9 * * MON-FRI")).toBe("Every Monday to Friday at 09:05"));
  it("says a day of the month", () => expect(sayCron("0 3 15 * *")).toBe("On day 15 of every month at 03:00"));
  it("leaves what is harder as it is", () => expect(sayCron("*/20 1-3 * * *")).toBe("As cron says: */20 1-3 * * *"));
});

describe("sayRule", () => {
  it("says the first Sunday", () => expect(sayRule("FREQ=MONTHLY;BYDAY=1SU")).toBe("Every month on the first Sunday"));
  it("says every other week", () => expect(sayRule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH")).toBe("Every 2 weeks on Monday and Thursday"));
  it("says the last day and how often", () => expect(sayRule("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=6")).toBe("Every month on the last day, 6 times"));
  it("leaves what is harder as it is", () => expect(sayRule("FREQ=YEARLY;BYWEEKNO=20")).toBe("As its rule says: FREQ=YEARLY;BYWEEKNO=20"));
});

describe("a form", () => {
  it("becomes a window once", () => {
    const { starts_at, ends_at, cron } = windowOf(form(), 0);
    expect([Date.parse(ends_at ?? "") - Date.parse(starts_at ?? ""), cron]).toEqual([7_200_000, undefined]);
  });
  it("begins now without a start", () => expect(windowOf(form({ from: "" }), 60).starts_at).toBe("1970-01-01T00:01:00.000Z"));
  it("becomes one that recurs, in its time zone", () => expect(windowOf(form({ recurs: "weekly", from: "", until: "" }), 0)).toMatchObject({ cron: "0 2 * * SUN", duration: "2h", timezone: "Europe/Berlin" }));
  it("sends no names where all checks are meant", () => expect(windowOf(form({ scope: { ...EVERYTHING, checks: ["a"] } }), 0).scope).toEqual(EVERYTHING));
  it("comes back from what is there", () => {
    const there: MaintenanceWindow = { ...windowOf(form({ recurs: "weekly", from: "", until: "" }), 0), id: "x", version: 1, active: false, active_until: null, next_start: null, next_end: null };
    expect(windowOf(formOf(there, write), 0)).toEqual(windowOf(form({ recurs: "weekly", from: "", until: "" }), 0));
  });
  it("says what is missing", () => {
    expect(problemsOf(form())).toEqual({});
    expect(Object.keys(problemsOf(form({ name: " ", scope: { ...EVERYTHING, all: false }, until: "2026-11-21 13:00" })))).toEqual(["name", "scope", "until"]);
    expect(Object.keys(problemsOf(form({ recurs: "weekly", days: days(), at: "25:00", duration: "long" })))).toEqual(["duration", "days", "at"]);
    expect(Object.keys(problemsOf(form({ recurs: "rrule", from: "" })))).toEqual(["from"]);
  });
});

describe("what a window says", () => {
  it("is said once", () => expect(sayWhen({ ...windowOf(form(), 0), starts_at: "2026-11-21T14:00:00Z", ends_at: "2026-11-21T16:00:00Z" }, write)).toBe("Once, 2026-11-21 14:00 to 2026-11-21 16:00"));
  it("is said again and again", () => expect(sayWhen(windowOf(form({ recurs: "weekly" }), 0), write)).toBe("Every Sunday at 02:00 for 2 hours (Europe/Berlin)"));
  it("is said of its checks", () => expect(sayScope({ all: false, checks: ["shop"], groups: ["edge"], tags: ["team:web"] })).toBe("shop, group edge, tag team:web"));
});

describe("covered", () => {
  const checks: NamedCheck[] = [{ id: 1, name: "shop", group: "web", tags: { team: "web" } }, { id: 2, name: "db", group: "data", tags: { team: "db" } }, { id: 3, name: "dns", group: "", tags: {} }];
  const ids = (part: Partial<typeof EVERYTHING>): number[] => covered({ ...EVERYTHING, all: false, ...part }, checks).map((one) => one.id);
  it("is all, or what is named, grouped or tagged", () => {
    expect(covered(EVERYTHING, checks).length).toBe(3);
    expect(ids({ checks: ["dns"], groups: ["web"] })).toEqual([1, 3]);
    expect(ids({ tags: ["team:db"] })).toEqual([2]);
    expect(ids({ tags: ["team"] })).toEqual([1, 2]);
  });
});
