import { expect, it } from "vitest";
import { MOST_RECENT, readHistory, remember, toggleStar } from "./history";

const none = { recent: [], starred: [] };

it("the latest comes first, and once", () =>
  expect(remember(remember(none, ["a", "b"], 1), ["b", ""], 2).recent).toEqual([{ expr: "b", at: 2 }, { expr: "a", at: 1 }]));
it("only so many are kept", () => {
  const many = Array.from({ length: 80 }, (_, i) => `q${i}`).reduce((old, expr, i) => remember(old, [expr], i), none as ReturnType<typeof remember>);
  expect(many.recent).toHaveLength(MOST_RECENT);
  expect(many.recent[0]?.expr).toBe("q79");
});
it("a star goes on and off", () => expect(toggleStar(toggleStar(none, "a"), "a")).toEqual(none));
it("what is no history is none", () => {
  for (const text of [null, "", "[", "null", '{"recent":3,"starred":"x"}', '{"recent":[null,{"expr":1}],"starred":[1]}']) expect(readHistory(text)).toEqual(none);
});
