/**
 * Eight series colours without red, amber or green, which belong to states. Their smallest distance
 * in OKLab stays above 0.09 for full sight, protanopia and deuteranopia; each keeps 3:1 on its ground.
 */
export const PALETTE = {
  light: ["#315ebe", "#3aa0a3", "#a274ed", "#916b44", "#6d2358", "#37378f", "#2681af", "#576173"],
  dark: ["#5791fa", "#80dff3", "#8a4ec9", "#a2835b", "#9e5481", "#9baeff", "#5695b6", "#a4afbb"],
} as const;

export type Scheme = keyof typeof PALETTE;

const SLOTS = 8;

/** Values that stand side by side in charts of every host keep slots that never meet. */
const PINNED: Record<string, number> = {
  user: 0, system: 2, iowait: 3, irq: 5, softirq: 4, nice: 6, steal: 1, guest: 7,
  "1 min": 0, "5 min": 1, "15 min": 2,
  used: 0, cache: 6, free: 7,
  resolve: 0, connect: 1, setup: 1, tls: 2, processing: 3, rtt: 3, request: 3, transfer: 5,
};

function hash(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  return h >>> 0;
}

/**
 * A colour slot per label value: the same on every page, since it follows from the value alone.
 * Among eight or fewer values, one that would repeat a neighbour's colour takes the next free slot.
 */
export function colourSlots(values: readonly string[]): Map<string, number> {
  const distinct = [...new Set(values)].sort();
  const slots = new Map<string, number>();
  const taken = new Set<number>();
  for (const value of distinct) {
    const pinned = PINNED[value];
    if (pinned === undefined) continue;
    slots.set(value, pinned);
    taken.add(pinned);
  }
  for (const value of distinct) {
    if (slots.has(value)) continue;
    let slot = hash(value) % SLOTS;
    while (taken.has(slot) && taken.size < SLOTS) slot = (slot + 1) % SLOTS;
    slots.set(value, slot);
    taken.add(slot);
  }
  return slots;
}

export const colourOf = (slot: number, scheme: Scheme): string => PALETTE[scheme][slot % SLOTS] as string;
