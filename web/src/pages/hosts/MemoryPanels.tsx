import { useMemo } from "react";
import { ChartPanel } from "../../charts/ChartPanel";
import type { TimeMark } from "../../charts/marks";
import type { LineSource } from "../../series/lines";
import type { HostExpressions } from "./expressions";
import { thresholdsAt } from "./thresholds";
import { useLimits } from "./useLimits";

interface PanelProps {
  ask: HostExpressions;
  marks: readonly TimeMark[];
  total: number | null;
}

const PARTS = ["Used", "Cache and buffers", "Free"];

export function MemoryPanel({ ask, marks, total }: PanelProps) {
  const sources = useMemo<LineSource[]>(
    () => [
      { expression: ask.memoryUsed, name: () => "Used", colourBy: () => "used" },
      { expression: ask.memoryCache, name: () => "Cache and buffers", colourBy: () => "cache" },
      { expression: ask.memoryFree, name: () => "Free", colourBy: () => "free" },
    ],
    [ask],
  );
  const { memory } = useLimits();
  const thresholds = useMemo(() => (total === null ? [] : thresholdsAt(memory, total / 100)), [memory, total]);
  return (
    <ChartPanel
      title="Memory"
      note="cache counts as far as it can be reclaimed"
      unit="bytes"
      stacked
      namedMarks
      axisMax={total ?? undefined}
      order={PARTS}
      legendRows={3}
      {...{ sources, marks, thresholds }}
      empty="No memory figures in this time range."
    />
  );
}

export function SwapPanel({ ask, marks, total }: PanelProps) {
  const sources = useMemo<LineSource[]>(() => [{ expression: ask.swapUsed, name: () => "Used", colourBy: () => "used" }], [ask]);
  return <ChartPanel title="Swap" unit="bytes" axisMax={total ?? undefined} legendRows={3} {...{ sources, marks }} empty="No swap figures in this time range." />;
}
