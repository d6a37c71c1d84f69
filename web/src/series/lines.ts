import type { Labels } from "../api/responses";
import { colourSlots } from "../charts/palette";
import type { Grid } from "./grid";
import type { Expression } from "./useRangeQuery";

/** One expression of a chart and how its series are called, coloured and drawn. */
export interface LineSource {
  expression: Expression;
  name: (labels: Labels) => string;
  /** What of the named thing is drawn, where several are: "received". A cut name never hides it. */
  aspect?: string;
  /** The label value that gives the colour; by default the name. */
  colourBy?: (labels: Labels) => string;
  /** Drawn below zero, as sent bytes are against received ones. */
  mirrored?: boolean;
}

/** A series ready to draw. */
export interface Line {
  key: string;
  name: string;
  aspect: string;
  slot: number;
  values: Array<number | null>;
  mirrored: boolean;
}

export interface Lines {
  times: number[];
  lines: Line[];
}

/**
 * Brings the sources' grids, which may end a step apart, onto one time column.
 * For a stack only the stretch that all of them cover, lest a part that is late read as a fall.
 * While a new range arrives they may differ in step: then there is nothing to draw yet, hence null.
 */
export function linesOf(sources: readonly LineSource[], grids: ReadonlyArray<Grid | undefined>, stacked = false): Lines | null {
  const filled = grids.filter((grid): grid is Grid => grid !== undefined && grid.times.length > 0);
  const step = filled[0]?.step ?? 1;
  if (filled.some((grid) => grid.step !== step)) return null;
  if (filled.length === 0) return { times: [], lines: [] };
  const starts = filled.map((grid) => grid.start);
  const ends = filled.map((grid) => grid.start + (grid.times.length - 1) * step);
  const start = stacked ? Math.max(...starts) : Math.min(...starts);
  const end = stacked ? Math.min(...ends) : Math.max(...ends);
  const length = Math.max(0, Math.round((end - start) / step) + 1);

  const found: Array<Omit<Line, "slot"> & { colour: string }> = [];
  grids.forEach((grid, at) => {
    const source = sources[at];
    if (!grid || !source) return;
    const shift = Math.round((grid.start - start) / step);
    for (const series of grid.series) {
      const values =
        shift === 0 && series.values.length === length
          ? series.values
          : Array.from({ length }, (_, i) => series.values[i - shift] ?? null);
      const name = source.name(series.labels);
      const colour = source.colourBy?.(series.labels) ?? name;
      found.push({ key: `${at}:${series.key}`, name, aspect: source.aspect ?? "", colour, values, mirrored: source.mirrored ?? false });
    }
  });
  const slots = colourSlots(found.map((line) => line.colour));
  return {
    times: Array.from({ length }, (_, i) => start + i * step),
    lines: found.map(({ colour, ...line }) => ({ ...line, slot: slots.get(colour) ?? 0 })),
  };
}

export const fullName = (line: Line): string => (line.aspect ? `${line.name} ${line.aspect}` : line.name);

/** The sum of lines at every point, a gap where all have one. */
export function total(lines: readonly Line[]): Array<number | null> {
  const length = lines[0]?.values.length ?? 0;
  return Array.from({ length }, (_, i) =>
    lines.reduce<number | null>((sum, line) => {
      const value = line.values[i];
      return value === null || value === undefined ? sum : (sum ?? 0) + value;
    }, null),
  );
}
