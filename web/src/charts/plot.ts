import type uPlot from "uplot";
import { fullName, type Line } from "../series/lines";
import type { Ink } from "./ink";
import type { Threshold, TimeMark, TimeShade } from "./marks";
import { colourOf } from "./palette";
import { stack } from "./stack";
import { isNothing, lonelyPoints } from "./summary";
import { fixedAxis, formatTimeTicks, logarithmicAxis, timeTicks, valueAxis, type ValueAxis } from "./ticks";
import { format, formatTicks, type Unit } from "./units";

/** What the plot reads while it draws; the chart keeps it up to date without building a new plot. */
export interface PlotState {
  lines: readonly Line[];
  hidden: ReadonlySet<string>;
  thresholds: readonly Threshold[];
  marks: readonly TimeMark[];
  shades: readonly TimeShade[];
  /** Whether the value axis reaches the thresholds, however far the lines are from them. */
  reachesThresholds: boolean;
  /** Whether marks carry their names; one or two charts of a page suffice. */
  namedMarks: boolean;
  axisMax: number | undefined;
  /** The moment of the newest point, and for how many seconds after it nothing newer is expected. */
  newest: number | null;
  patience: number;
}

export interface PlotEvents {
  onZoom(from: number, to: number): void;
  onCursor(index: number | null): void;
}

const CROSSHAIR = "page";
/** Half a time label in pixels: a tick closer to the right edge would be cut. */
const HALF_LABEL = 20;

/** How values stand on the axis: side by side, on each other, or by their logarithms. */
export type Arrangement = "plain" | "stacked" | "logarithmic";

export function plotData(times: readonly number[], state: PlotState, arrangement: Arrangement): uPlot.AlignedData {
  const shown = state.lines.map((line) => !state.hidden.has(line.key));
  const columns = state.lines.map((line) => (line.mirrored ? line.values.map((v) => (v === null ? null : -v)) : line.values));
  // What is not above zero has no logarithm.
  if (arrangement === "logarithmic") return [times as number[], ...columns.map((column) => column.map((v) => (v !== null && v > 0 ? v : null)))];
  if (arrangement === "plain") return [times as number[], ...columns];
  const sums = stack(columns.filter((_, i) => shown[i]));
  let next = 0;
  // A part that is nothing throughout would only draw its colour over the edge of the part below it.
  return [times as number[], ...columns.map((column, i) => {
    const sum = shown[i] ? (sums[next++] as Array<number | null>) : column;
    return isNothing(column) ? column.map(() => null) : sum;
  })];
}

export function plotOptions(
  size: { width: number; height: number },
  ink: Ink,
  unit: Unit,
  arrangement: Arrangement,
  current: () => PlotState,
  events: PlotEvents,
): uPlot.Options {
  const { lines } = current();
  const stacked = arrangement === "stacked";
  const logarithmic = arrangement === "logarithmic";
  const axisOf = (min: number, max: number): ValueAxis => {
    const { axisMax, thresholds, reachesThresholds } = current();
    if (reachesThresholds) for (const { value } of thresholds) [min, max] = [Math.min(min, value), Math.max(max, value)];
    if (logarithmic) return logarithmicAxis(min, max, unit);
    return axisMax !== undefined && max <= axisMax * 1.001 ? fixedAxis(axisMax, unit) : valueAxis(min, max, unit);
  };
  let axis: ValueAxis = { min: 0, max: 1, ticks: [0, 1] };
  const many = lines.length > 12;

  return {
    ...size,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    focus: { alpha: 0.2 },
    cursor: {
      sync: { key: CROSSHAIR, setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6, show: !many },
      bind: {
        dblclick: () => () => null, // the panel's
      },
    },
    scales: {
      x: { time: true, auto: false, range: (_plot, min, max) => [min, max] },
      y: {
        distr: logarithmic ? 3 : 1,
        range: (_plot, min, max) => {
          axis = axisOf(min ?? 0, max ?? 0);
          return [axis.min, axis.max];
        },
      },
    },
    axes: [
      {
        stroke: ink.text,
        font: ink.font,
        size: 28,
        gap: 6,
        grid: { show: false },
        ticks: { stroke: ink.zero, width: 1, size: 4 },
        splits: (plot, _index, min, max) => timeTicks(min, max).filter((tick) => tick < max - ((max - min) / plot.width) * HALF_LABEL),
        values: (_plot, ticks) => formatTimeTicks(ticks),
      },
      {
        stroke: ink.text,
        font: ink.font,
        // One width for every chart, so that their time axes stand under each other.
        size: 68,
        gap: 8,
        grid: { stroke: ink.grid, width: 1 },
        ticks: { show: false },
        splits: () => axis.ticks,
        ...(logarithmic ? { filter: (_plot: uPlot, ticks: number[]) => ticks } : {}),
        // Decades are far apart: each reads best in a scale of its own.
        values: (_plot, ticks) => (logarithmic ? ticks.map((tick) => format(unit, tick)) : formatTicks(unit, ticks)),
      },
    ],
    series: [{}, ...lines.map((line, at) => seriesOptions(line, at, ink, stacked, many, current))],
    bands: stacked ? lines.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) : [],
    hooks: {
      drawClear: [
        (plot) => {
          for (const shade of current().shades) drawShade(plot, shade, ink);
          drawSilence(plot, current(), ink);
        },
      ],
      draw: [
        (plot) => {
          if (!logarithmic) drawZero(plot, axis, ink);
          for (const threshold of current().thresholds) drawThreshold(plot, threshold, ink);
          drawMarks(plot, current(), ink);
        },
      ],
      setCursor: [(plot) => events.onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events.onZoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
        },
      ],
    },
  };
}

/** A part of a stack that takes less of the axis than this is drawn without an edge. */
const SLIVER = 0.02;

const thickness = (line: Line | undefined): number => Math.max(0, ...(line?.values ?? []).map((value) => value ?? 0));

function seriesOptions(line: Line, at: number, ink: Ink, stacked: boolean, many: boolean, current: () => PlotState): uPlot.Series {
  const colour = colourOf(line.slot, ink.scheme);
  return {
    label: fullName(line),
    // The edge of a part thinner than a line would hide the colour of the part under it.
    stroke: stacked ? (plot) => (thickness(current().lines[at]) < SLIVER * (plot.scales.y?.max ?? 0) ? "transparent" : colour) : colour,
    width: many ? 1 : 1.5,
    ...(stacked ? { fill: `${colour}${ink.scheme === "dark" ? "66" : "55"}` } : {}),
    show: !current().hidden.has(line.key),
    spanGaps: false,
    points: {
      show: true,
      size: 4,
      fill: colour,
      filter: (plot, index, show) => (show ? lonelyPoints((plot.data[index] ?? []) as Array<number | null>) : null),
    },
  };
}

function drawShade(plot: uPlot, shade: TimeShade, ink: Ink): void {
  const { ctx, bbox } = plot;
  const from = Math.max(bbox.left, plot.valToPos(shade.from, "x", true));
  // What was over at once is seen all the same.
  const to = Math.min(bbox.left + bbox.width, Math.max(plot.valToPos(shade.to, "x", true), from + devicePixelRatio));
  if (from >= to) return;
  ctx.save();
  ctx.fillStyle = shade.tone === "firing" ? ink.criticalWash : ink.warningWash;
  ctx.fillRect(from, bbox.top, to - from, bbox.height);
  ctx.restore();
}

/** Veils the stretch of which nothing is known although time went on. */
function drawSilence(plot: uPlot, state: PlotState, ink: Ink): void {
  const { ctx, bbox } = plot;
  const edge = plot.scales.x?.max ?? 0;
  if (state.newest === null || edge - state.newest <= state.patience) return;
  const from = Math.max(bbox.left, plot.valToPos(state.newest, "x", true));
  const to = bbox.left + bbox.width;
  if (from >= to) return;
  ctx.save();
  ctx.fillStyle = ink.veil;
  ctx.fillRect(from, bbox.top, to - from, bbox.height);
  ctx.restore();
}

function drawZero(plot: uPlot, axis: ValueAxis, ink: Ink): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(0, "y", true)) + 0.5;
  if (axis.min > 0 || axis.max < 0) return;
  ctx.save();
  ctx.strokeStyle = ink.zero;
  ctx.lineWidth = 1;
  line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  ctx.restore();
}

function drawThreshold(plot: uPlot, threshold: Threshold, ink: Ink): void {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(threshold.value, "y", true)) + 0.5;
  if (y < bbox.top || y > bbox.top + bbox.height + 1) return;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = ink[threshold.tone];
  ctx.lineWidth = ratio;
  ctx.setLineDash([5 * ratio, 4 * ratio]);
  line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  const below = y - bbox.top < 16 * ratio;
  // On the left, for what is newest stands on the right.
  label(ctx, threshold.label, bbox.left + 4 * ratio, y + (below ? 4 : -4) * ratio, "left", below ? "top" : "bottom", ink);
  ctx.restore();
}

function drawMarks(plot: uPlot, { marks, namedMarks }: PlotState, ink: Ink): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const bottom = bbox.top + bbox.height;
  const tones = { firing: ink.critical, pending: ink.warning, resolved: ink.good, unknown: ink.neutral };
  let row = 0;
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark.time, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = tones[mark.tone];
    ctx.lineWidth = ratio;
    ctx.setLineDash([2 * ratio, 3 * ratio]);
    line(ctx, x, bbox.top, x, bottom);
    ctx.beginPath();
    ctx.moveTo(x - 4 * ratio, bottom);
    ctx.lineTo(x + 4 * ratio, bottom);
    ctx.lineTo(x, bottom - 7 * ratio);
    ctx.fill();
    if (namedMarks) {
      const left = x < bbox.left + bbox.width / 2;
      // Each name on a line of its own: two alerts often begin together.
      label(ctx, mark.label, x + (left ? 6 : -6) * ratio, bottom - (6 + 15 * row) * ratio, left ? "left" : "right", "bottom", ink);
      row += 1;
    }
    ctx.restore();
  }
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

/** Text with a halo of the ground, readable over any line. */
function label(
  ctx: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
  baseline: CanvasTextBaseline,
  ink: Ink,
): void {
  ctx.font = ink.font.replace("12px", `${12 * devicePixelRatio}px`);
  ctx.textAlign = align;
  ctx.textBaseline = baseline;
  ctx.setLineDash([]);
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.lineJoin = "round";
  ctx.strokeStyle = ink.ground;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}
