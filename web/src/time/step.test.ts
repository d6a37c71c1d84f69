import { describe, expect, it } from "vitest";
import { alignDown, rateWindow, stepFor } from "./step";

describe("stepFor", () => {
  it("is never finer than the reports", () => expect(stepFor(60)).toBe(5));
  it("is 5 s for the default range", () => expect(stepFor(900)).toBe(5));
  it.each([[3600, 15], [6 * 3600, 120], [86400, 300], [7 * 86400, 3600], [30 * 86400, 14400]])("for %i s is %i s", (range, step) =>
    expect(stepFor(range)).toBe(step),
  );
  it("keeps every range far below the server's limit of points", () => {
    for (let range = 10; range < 400 * 86400; range = Math.ceil(range * 1.7)) {
      expect(range / stepFor(range)).toBeLessThanOrEqual(301);
    }
  });
});

describe("rateWindow", () => {
  it("spans six reports at least", () => expect(rateWindow(5)).toBe("30s"));
  it("spans four steps when those are longer", () => expect(rateWindow(60)).toBe("240s"));
});

it("aligns to the step's multiples", () => expect(alignDown(1003.7, 5)).toBe(1000));
