import type { Reading } from "../../series/useInstantQuery";

export interface Mount {
  mountpoint: string;
  device: string;
  fstype: string;
  size: number;
  used: number;
  available: number;
  /** How much of what users may fill is used, in percent, as df tells it. */
  share: number;
  /** Further mount points of the same filesystem, as containers have. */
  others: number;
}

/** Joins the three readings per mount; one filesystem mounted in several places is one row. */
export function mountsOf(sizes: readonly Reading[], frees: readonly Reading[], availables: readonly Reading[]): Mount[] {
  const key = ({ labels }: Reading): string => `${labels.device}\u0001${labels.mountpoint}`;
  const free = new Map(frees.map((reading) => [key(reading), reading.value]));
  const available = new Map(availables.map((reading) => [key(reading), reading.value]));
  const found = new Map<string, Mount>();
  for (const reading of sizes) {
    const { mountpoint = "", device = "", fstype = "" } = reading.labels;
    const left = available.get(key(reading));
    if (left === undefined || !(reading.value > 0)) continue;
    const used = reading.value - (free.get(key(reading)) ?? left);
    const mount: Mount = {
      mountpoint,
      device,
      fstype,
      size: reading.value,
      used,
      available: left,
      share: Math.min(100, Math.max(0, (100 * used) / (used + left || 1))),
      others: 0,
    };
    const same = `${device}\u0001${fstype}\u0001${mount.size}\u0001${mount.available}`;
    const twin = found.get(same);
    if (!twin) found.set(same, mount);
    else found.set(same, { ...(mountpoint.length < twin.mountpoint.length ? mount : twin), others: twin.others + 1 });
  }
  return [...found.values()].sort((a, b) => b.share - a.share || a.mountpoint.localeCompare(b.mountpoint));
}
