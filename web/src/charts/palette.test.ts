import { describe, expect, it } from "vitest";
import { colourSlots, PALETTE, type Scheme } from "./palette";

type Rgb = [number, number, number];

const linear = (hex: string): Rgb =>
  [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;

/** How a dichromat sees a colour: the matrices of Machado, Oliveira and Fernandes (2009), full severity. */
const EYES: Record<string, number[][]> = {
  full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};
const see = (matrix: number[][], colour: Rgb): Rgb =>
  matrix.map((row) => Math.min(1, Math.max(0, row.reduce((sum, m, i) => sum + m * (colour[i] as number), 0)))) as Rgb;

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const GROUND: Record<Scheme, string> = { light: "#ffffff", dark: "#171a1f" };
const luminance = (hex: string): number => {
  const [r, g, b] = linear(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string): number => {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number];
  return (x + 0.05) / (y + 0.05);
};

describe.each(["light", "dark"] as Scheme[])("the %s palette", (scheme) => {
  const colours = PALETTE[scheme];
  it("has eight colours that stand out from the ground", () => {
    expect(colours).toHaveLength(8);
    for (const colour of colours) expect(contrast(colour, GROUND[scheme])).toBeGreaterThanOrEqual(2.9);
  });
  it.each(Object.keys(EYES))("keeps its colours apart with %s sight", (eye) => {
    const seen = colours.map((colour) => oklab(see(EYES[eye] as number[][], linear(colour))));
    seen.forEach((a, i) => {
      for (const b of seen.slice(i + 1)) expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(0.09);
    });
  });
});

describe("colourSlots", () => {
  it("gives a value the same slot in any company that leaves it free", () => {
    expect(colourSlots(["eth0"]).get("eth0")).toBe(colourSlots(["eth0", "user", "system"]).get("eth0"));
  });
  it("does not depend on the order", () => expect([...colourSlots(["b", "a"])].sort()).toEqual([...colourSlots(["a", "b"])].sort()));
  it("repeats no colour among eight values", () => {
    expect(new Set(colourSlots(["a", "b", "c", "d", "e", "f", "g", "h"]).values()).size).toBe(8);
  });
  it("keeps the CPU modes apart", () => {
    expect(new Set(colourSlots(["user", "system", "iowait", "nice", "irq", "softirq", "steal", "guest"]).values()).size).toBe(8);
  });
  it("copes with hundreds", () => expect(colourSlots(Array.from({ length: 500 }, (_, i) => `veth${i}`)).size).toBe(500));
});
