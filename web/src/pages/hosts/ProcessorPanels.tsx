import { useMemo } from "react";
import { ChartPanel } from "../../charts/ChartPanel";
import type { Threshold, TimeMark } from "../../charts/marks";
import type { LineSource } from "../../series/lines";
import type { HostExpressions } from "./expressions";
import { LIMITS } from "./limits";

interface PanelProps {
  ask: HostExpressions;
  marks: readonly TimeMark[];
}

const MODES = ["user", "system", "iowait", "nice", "irq", "softirq", "steal", "guest"];
const CPU_LIMIT: Threshold[] = [{ value: LIMITS.cpu.critical, label: `Critical above ${LIMITS.cpu.critical} %`, tone: "critical" }];

export function CpuPanel({ ask, marks }: PanelProps) {
  const sources = useMemo<LineSource[]>(() => [{ expression: ask.cpuByMode, name: (labels) => labels.mode ?? "" }], [ask]);
  return (
    <ChartPanel
      title="CPU by mode"
      note="share of all cores"
      unit="percent"
      stacked
      namedMarks
      axisMax={100}
      thresholds={CPU_LIMIT}
      order={MODES}
      {...{ sources, marks }}
      empty="No CPU times yet. Rates need two reports, 5 s apart."
    />
  );
}

export function LoadPanel({ ask, marks, cores }: PanelProps & { cores: number | null }) {
  const sources = useMemo<LineSource[]>(
    () => ([1, 5, 15] as const).map((minutes) => ({ expression: ask.load(minutes), name: () => `${minutes} min` })),
    [ask],
  );
  const thresholds = useMemo<Threshold[]>(
    () => (cores === null ? [] : [{ value: cores, label: cores === 1 ? "1 core" : `${cores} cores`, tone: "neutral" }]),
    [cores],
  );
  return <ChartPanel title="Load average" note="processes running or waiting" unit="count" legendRows={3} {...{ sources, marks, thresholds }} empty="No load average in this time range." />;
}
