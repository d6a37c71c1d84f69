import { describe, expect, it } from "vitest";
import { intervalsOf, newWindow, problemOf, sayRecurrence, windowsOf, type TimeWindow } from "./recurrence";

const days = (...chosen: number[]): boolean[] => Array.from({ length: 7 }, (_, day) => chosen.includes(day));
const window = (part: Partial<TimeWindow>): TimeWindow => ({ ...newWindow("Europe/Berlin"), ...part });

describe("sayRecurrence", () => {
  it("says a night of every week", () => expect(sayRecurrence(intervalsOf([window({})]))).toBe("Every Sunday from 02:00 to 04:00 (Europe/Berlin)"));
  it("joins days that follow each other", () => {
    expect(sayRecurrence([{ weekdays: ["monday:friday"], times: [{ start_time: "09:00", end_time: "17:30" }] }])).toBe("Every Monday to Friday from 09:00 to 17:30 (UTC)");
    expect(sayRecurrence([{ weekdays: ["saturday", "sunday"] }])).toBe("Every Saturday and Sunday all day (UTC)");
    expect(sayRecurrence([{ weekdays: ["sunday", "friday:saturday"] }])).toBe("Every Friday to Sunday all day (UTC)");
  });
  it("says days of the month, months and years", () => {
    expect(sayRecurrence([{ days_of_month: ["1:7", "-1"], months: ["12", "1:2"], years: ["2026:2028"] }])).toBe("Every day on day 1 to day 7, the last day of the month in December, January to February in 2026 to 2028 all day (UTC)");
  });
  it("joins several", () => expect(sayRecurrence([{ weekdays: ["monday"] }, { weekdays: ["friday"] }])).toBe("Every Monday all day (UTC), and every Friday all day (UTC)"));
});

describe("windows and intervals", () => {
  it("are the same there and back", () => {
    const intervals = [
      { times: [{ start_time: "02:00", end_time: "04:00" }], weekdays: ["sunday"], location: "Europe/Berlin" },
      { days_of_month: ["1:7", "-1"], months: ["12"], years: ["2026"] },
    ];
    expect(intervalsOf(windowsOf(intervals))).toEqual(intervals);
  });
  it("are two where midnight is passed, the second a day later", () => {
    expect(intervalsOf([window({ weekdays: days(6), from: "22:00", to: "06:00" })])).toEqual([
      { times: [{ start_time: "22:00", end_time: "24:00" }], weekdays: ["saturday"], location: "Europe/Berlin" },
      { times: [{ start_time: "00:00", end_time: "06:00" }], weekdays: ["sunday"], location: "Europe/Berlin" },
    ]);
    expect(intervalsOf([window({ from: "22:00", to: "00:00" })])).toHaveLength(1);
  });
  it("give each of several stretches of a day a window", () => {
    expect(windowsOf([{ times: [{ start_time: "01:00", end_time: "02:00" }, { start_time: "03:00", end_time: "04:00" }] }]).map((one) => one.from)).toEqual(["01:00", "03:00"]);
  });
});

it("says what is wrong with a window", () => {
  expect(problemOf(window({}))).toBeNull();
  expect(problemOf(window({ from: "22:00", to: "06:00" }))).toBeNull();
  expect(problemOf(window({ from: "2" }))).toContain("02:00");
  expect(problemOf(window({ to: "24:30" }))).toContain("02:00");
  expect(problemOf(window({ weekdays: days() }))).toBe("Choose a day");
  expect(problemOf(window({ from: "04:00" }))).toBe("It would last no time");
  expect(problemOf(window({ from: "22:00", to: "06:00", months: "1" }))).toContain("midnight");
});
