import { useMemo } from "react";
import { ChartPanel } from "../../charts/ChartPanel";
import type { Threshold, TimeMark } from "../../charts/marks";
import type { LineSource } from "../../series/lines";
import type { HostExpressions } from "./expressions";
import { thresholdsAt } from "./thresholds";
import { useLimits } from "./useLimits";

interface PanelProps {
  ask: HostExpressions;
  marks: readonly TimeMark[];
}

/** Waiting for disks lies on top: what is under it is the CPU in use that the alert judges. */
const MODES = ["user", "system", "nice", "irq", "softirq", "steal", "guest", "iowait"];
const LOADS: Record<string, string> = { node_load1: "1 min", node_load5: "5 min", node_load15: "15 min" };

export function CpuPanel({ ask, marks }: PanelProps) {
  const sources = useMemo<LineSource[]>(() => [{ expression: ask.cpuByMode, name: (labels) => labels.mode ?? "" }], [ask]);
  const { cpu } = useLimits();
  const thresholds = useMemo(() => thresholdsAt(cpu, 1), [cpu]);
  return (
    <ChartPanel
      title="CPU by mode"
      note="share of all cores; iowait is idle time"
      unit="percent"
      stacked
      namedMarks
      axisMax={100}
      order={MODES}
      legendRows={5}
      {...{ sources, marks, thresholds }}
      empty="No CPU times yet. Rates need two reports, 5 s apart."
    />
  );
}

export function LoadPanel({ ask, marks, cores }: PanelProps & { cores: number | null }) {
  const sources = useMemo<LineSource[]>(
    () => [{ expression: ask.loads, name: ({ __name__ = "" }) => LOADS[__name__] ?? __name__ }],
    [ask],
  );
  const thresholds = useMemo<Threshold[]>(
    () => (cores === null ? [] : [{ value: cores, label: cores === 1 ? "1 core" : `${cores} cores`, tone: "neutral" }]),
    [cores],
  );
  return <ChartPanel title="Load average" note="processes running or waiting" unit="count" legendRows={3} {...{ sources, marks, thresholds }} empty="No load average in this time range." />;
}
