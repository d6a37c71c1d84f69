import type { Values } from "./summary";

/**
 * Running sums from the first series up; a gap stays a gap where every series has one.
 * A part below zero (memory differences may dip there) counts as nothing.
 */
export function stack(columns: readonly Values[]): Array<Array<number | null>> {
  const length = columns[0]?.length ?? 0;
  const base = new Array<number>(length).fill(0);
  const seen = new Array<boolean>(length).fill(false);
  for (const column of columns) for (let i = 0; i < length; i += 1) if (column[i] != null) seen[i] = true;
  return columns.map((column) =>
    Array.from({ length }, (_, i) => {
      if (!seen[i]) return null;
      base[i] = (base[i] as number) + Math.max(0, column[i] ?? 0);
      return base[i] as number;
    }),
  );
}
