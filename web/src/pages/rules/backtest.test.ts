import { describe, expect, it } from "vitest";
import { aboutAlert, firingsOf, receiverChanges, sayChange, sayOutcome, sayReceivers, shadesOf, type Backtest, type BacktestAlert } from "./backtest";

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const alert = (...stretches: Array<["pending" | "firing", number, number | null]>): BacktestAlert => ({ labels: { alertname: "Hot" }, stretches: stretches.map(([state, start, end]) => ({ state, start: at(start), end: end === null ? null : at(end) })) });
const told = (...counts: Array<[string, number]>): Backtest => ({
  start: at(0), end: at(100), interval: 5, instants: 21, took: 0, firings: counts.length, notificationCount: counts.reduce((sum, [, n]) => sum + n, 0),
  counts: counts.map(([receiver, notifications]) => ({ receiver, kinds: ["webhook"], notifications })), alerts: [], notifications: [], held: [], failures: [], warnings: [],
});

describe("words of an outcome", () => {
  it("names who would have been told how often", () => expect(sayOutcome({ ...told(["ops", 3], ["team-a", 9]), firings: 4 })).toBe("Would have fired 4 times and notified 12 times: 9 to team-a, 3 to ops"));
  it("says when nobody would have been", () => expect(sayOutcome({ ...told(), firings: 1 })).toBe("Would have fired once and notified nobody"));
  it("tells a condition that was too short from one that never held", () => {
    expect(sayOutcome(told())).toBe("Would not have fired");
    expect(sayOutcome({ ...told(), alerts: [alert(["pending", 0, 5])] })).toContain("never held for long enough");
  });
  it("adds up those beyond the first five", () => expect(sayReceivers([9, 8, 7, 6, 5, 4, 3].map((notifications, i) => ({ receiver: `r${i}`, kinds: [], notifications })))).toMatch(/5 to r4, 7 to 2 others$/));
});

describe("a change", () => {
  it("is told with what was before", () => expect([sayChange(12, 3), sayChange(4, 4), sayChange(0, 0)]).toEqual(["3 in place of 12", "4, as before", "none, as before"]));
  it("names first those whom it matters to most", () => {
    expect(receiverChanges(told(["a", 9], ["b", 1]), told(["b", 2], ["c", 3]))).toEqual([{ receiver: "a", before: 9, after: 0 }, { receiver: "c", before: 0, after: 3 }, { receiver: "b", before: 1, after: 2 }]);
  });
});

describe("stretches", () => {
  it("are shaded once, firing over pending", () => {
    const alerts = [alert(["pending", 0, 10], ["firing", 10, 30]), alert(["pending", 5, 40], ["firing", 40, null])];
    expect(shadesOf(alerts, 100)).toEqual([
      { from: 0, to: 10, tone: "pending" }, { from: 30, to: 40, tone: "pending" }, { from: 10, to: 30, tone: "firing" }, { from: 40, to: 100, tone: "firing" },
    ]);
  });
  it("of firing are listed latest first, and say whether they go on", () => {
    expect(firingsOf([alert(["firing", 10, 20], ["firing", 50, null])], 100).map(({ from, to, goesOn }) => [from, to, goesOn])).toEqual([[50, 100, true], [10, 20, false]]);
  });
});

it("an alert is told from others by what its rule does not give to all", () => {
  expect(aboutAlert({ alertname: "Hot", severity: "info", instance: "a" })).toBe("instance=a");
  expect(aboutAlert({ alertname: "Hot" })).toBe("the whole");
});
