import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Line } from "../series/lines";
import { now } from "../time/clock";
import { lengthOf, windowOf, zoomTo } from "../time/range";
import { stepFor } from "../time/step";
import { setRange, useTimeRange } from "../time/useTimeRange";
import styles from "./Chart.module.css";
import { readInk } from "./ink";
import type { Threshold, TimeMark, TimeShade } from "./marks";
import { plotData, plotOptions, type Arrangement, type PlotState } from "./plot";
import type { Unit } from "./units";

/** Half a pixel of time between two moves of the live edge, and never more often than the eye sees. */
const SHORTEST_MOVE_MS = 40;
/** After six missing reports a chart shows that it knows nothing newer. */
const SILENT_SECONDS = 30;

interface ChartProps {
  description: string;
  height: number;
  times: number[];
  lines: readonly Line[];
  unit: Unit;
  stacked?: boolean | undefined;
  /** Values by their logarithms; a stack has none. */
  logarithmic?: boolean | undefined;
  axisMax?: number | undefined;
  thresholds?: readonly Threshold[] | undefined;
  marks?: readonly TimeMark[] | undefined;
  namedMarks?: boolean | undefined;
  shades?: readonly TimeShade[] | undefined;
  reachesThresholds?: boolean | undefined;
  hidden: ReadonlySet<string>;
  focused: string | null;
  onCursor: (index: number | null) => void;
}

const NONE: readonly never[] = [];

/** The one chart of the UI: columns in, a canvas out; drag zooms the page. */
export function Chart(props: ChartProps) {
  const { height, description, times, lines, unit, stacked = false, hidden, focused, onCursor } = props;
  const arrangement: Arrangement = stacked ? "stacked" : props.logarithmic ? "logarithmic" : "plain";
  const { range } = useTimeRange();
  const scheme = useComputedColorScheme("light");
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [width, setWidth] = useState(0);
  const cursorSink = useRef(onCursor);
  cursorSink.current = onCursor;

  const newest = useMemo(() => newestPoint(times, lines), [times, lines]);
  const state = useRef<PlotState>(null as unknown as PlotState);
  state.current = {
    lines,
    hidden,
    thresholds: props.thresholds ?? NONE,
    marks: props.marks ?? NONE,
    namedMarks: props.namedMarks ?? false,
    shades: props.shades ?? NONE,
    reachesThresholds: props.reachesThresholds ?? false,
    axisMax: props.axisMax,
    newest,
    patience: Math.max(SILENT_SECONDS, 2 * stepFor(lengthOf(range))),
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    setWidth(Math.floor(element.clientWidth));
    return () => observer.disconnect();
  }, []);

  // A plot is built again only when its set of lines, unit or colours change, not for new points.
  const shape = `${scheme} ${unit} ${arrangement} ${lines.map((line) => `${line.key}${line.slot}`).join("\u0002")}`;
  const drawable = width > 0 && times.length > 0;
  useEffect(() => {
    const element = box.current;
    if (!element || !drawable) return undefined;
    const built = new uPlot(
      plotOptions({ width: element.clientWidth, height }, readInk(element, scheme), unit, arrangement, () => state.current, {
        onZoom: (from, to) => setRange(zoomTo(from, to)),
        onCursor: (index) => cursorSink.current(index),
      }),
      plotData(times, state.current, arrangement),
      element,
    );
    plot.current = built;
    showWindow(built);
    return () => {
      plot.current = null;
      built.destroy();
    };
    // Points arrive through the next effect.
  }, [shape, drawable]);

  const showWindow = (target: uPlot): void => {
    const window = windowOf(range, now());
    target.setScale("x", { min: window.from, max: window.to });
  };

  useEffect(() => {
    const target = plot.current;
    if (!target || times.length === 0) return;
    target.batch(() => {
      lines.forEach((line, i) => {
        const show = !hidden.has(line.key);
        if (target.series[i + 1]?.show !== show) target.setSeries(i + 1, { show }, false);
      });
      if (stacked) stackBands(target, lines, hidden);
      target.setData(plotData(times, state.current, arrangement), false);
      showWindow(target);
    });
    // Lines change with every new point.
  }, [times, lines, hidden, range, shape, props.thresholds, props.marks, props.shades, props.axisMax]);

  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);

  useEffect(() => {
    const index = focused === null ? -1 : lines.findIndex((line) => line.key === focused);
    plot.current?.setSeries(index < 0 ? null : index + 1, { focus: true }, false);
    // Focus follows the pointer alone.
  }, [focused, shape]);

  const live = range.kind === "last" && range.live;
  useEffect(() => {
    if (!live || width === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches) return undefined;
    const pause = Math.max(SHORTEST_MOVE_MS, (lengthOf(range) / width) * 500);
    const timer = setInterval(() => {
      if (!document.hidden && plot.current) showWindow(plot.current);
    }, pause);
    return () => clearInterval(timer);
    // The range moves the window too.
  }, [live, range, width]);

  return <div ref={box} className={styles.chart} style={{ height }} role="img" aria-label={description} />;
}

function newestPoint(times: readonly number[], lines: readonly Line[]): number | null {
  let end = -1;
  for (const { values } of lines) {
    for (let i = values.length - 1; i > end; i -= 1) if (values[i] !== null) end = i;
  }
  return times[end] ?? null;
}

/** Each visible line fills down to the visible one under it. */
function stackBands(target: uPlot, lines: readonly Line[], hidden: ReadonlySet<string>): void {
  const shown = lines.map((line, i) => ({ line, at: i + 1 })).filter(({ line }) => !hidden.has(line.key));
  target.delBand(null);
  shown.slice(1).forEach(({ at }, i) => target.addBand({ series: [at, (shown[i] as { at: number }).at] }));
}
