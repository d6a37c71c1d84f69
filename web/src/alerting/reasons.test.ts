import { describe, expect, it } from "vitest";
import type { WhyChannel } from "../api/alerting";
import { outcomeOf, sayReason, verdictOf } from "./reasons";

const channel = (part: Partial<WhyChannel>): WhyChannel => ({ channel: "b/slack/0", kind: "slack", told: false, reason: "nothing_new", by: [], lastToldAt: null, owed: false, problem: "", ...part });

describe("verdictOf", () => {
  it("says who was told", () => {
    expect(verdictOf([channel({ told: true })])).toBe("The only channel was told that it fires.");
    expect(verdictOf([channel({ told: true }), channel({ told: true })])).toBe("All 2 channels were told that it fires.");
  });
  it("says who was not, and why", () => {
    expect(verdictOf([channel({ reason: "silenced" })])).toBe("The only channel was not told: a silence holds it.");
    expect(verdictOf([channel({ told: true }), channel({ reason: "cooldown" }), channel({ owed: true })])).toBe(
      "1 of 3 channels was told that it fires, 1 is still owed, 1 was not told: it was told a short while ago, and hears again after the cooldown.",
    );
  });
  it("says who is told next", () => expect(verdictOf([channel({ reason: "new_alerts" })])).toBe("The only channel will be told at the next look."));
  it("says that there is nobody", () => expect(verdictOf([])).toContain("nobody can be told"));
});

it("tells a channel that is owed from one that was told", () => {
  expect(outcomeOf(channel({ told: true })).word).toBe("Told");
  expect(outcomeOf(channel({ told: true, owed: true })).word).toBe("Still owed");
  expect(outcomeOf(channel({ reason: "new_alerts" })).word).toBe("Next");
  expect(outcomeOf(channel({})).word).toBe("Not told");
});

it("says reasons that it does not know as they are written", () => expect(sayReason("some_new_reason")).toBe("some new reason"));
