import { expect, it } from "vitest";
import { daysOf } from "./days";

it("puts entries under the day of the reader", () => {
  const at = (...parts: [number, number, number, number]): { at: string } => ({ at: new Date(...parts).toISOString() });
  const days = daysOf([at(2026, 10, 22, 9), at(2026, 10, 22, 0), at(2026, 10, 21, 23), at(2026, 10, 19, 5)], new Date(2026, 10, 22, 10).getTime() / 1000);
  expect(days.map((one) => [one.word, one.entries.length])).toEqual([["Today", 2], ["Yesterday", 1], ["2026-11-19", 1]]);
});
