import { describe, expect, it } from "vitest";
import type { CheckState, Transition } from "./check";
import { rankOf } from "./checkList";
import { merged, stretchesOf } from "./stretches";

const at = (seconds: number, state: CheckState, message = ""): Transition => ({ at: new Date(seconds * 1000).toISOString(), previous: "unknown", state, reason: "verdict", probe_reason: "", message, locations: [] });

describe("how a check stood", () => {
  it("begins with what held before the window, and lasts to its end", () => {
    const found = stretchesOf([at(50, "up"), at(120, "down", "refused"), at(150, "up")], 100, 200);
    expect(found.map(({ from, to, state }) => [from, to, state])).toEqual([[100, 120, "up"], [120, 150, "down"], [150, 200, "up"]]);
    expect(found[1]?.message).toBe("refused");
  });

  it("begins later where there was no check before", () => {
    expect(stretchesOf([at(130, "up")], 100, 200).map(({ from }) => from)).toEqual([130]);
    expect(stretchesOf([], 100, 200)).toEqual([]);
  });

  it("goes on as one where only the reason changed", () => {
    expect(stretchesOf([at(100, "down"), at(120, "down", "timed out")], 100, 200)).toEqual([{ from: 100, to: 200, state: "down", message: "timed out" }]);
  });

  it("never hides what is worst among very many", () => {
    const many = Array.from({ length: 1_000 }, (_, i) => at(i, i % 2 ? "up" : i === 500 ? "down" : "degraded"));
    const drawn = merged(stretchesOf(many, 0, 1_000), 100, rankOf);
    expect(drawn.length).toBeLessThanOrEqual(200);
    expect(drawn.some((one) => one.state === "down")).toBe(true);
    expect(drawn.reduce((sum, one) => sum + one.to - one.from, 0)).toBe(1_000);
  });
});
