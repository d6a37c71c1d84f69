import { useMemo } from "react";
import type { Labels } from "../../api/responses";
import { ChartPanel } from "../../charts/ChartPanel";
import type { TimeMark } from "../../charts/marks";
import type { LineSource } from "../../series/lines";
import type { HostExpressions } from "./expressions";

interface PanelProps {
  ask: HostExpressions;
  marks: readonly TimeMark[];
}

const deviceOf = ({ device }: Labels): string => device ?? "";

export function DiskTrafficPanel({ ask, marks }: PanelProps) {
  const sources = useMemo<LineSource[]>(
    () => [
      { expression: ask.diskRead, name: deviceOf, aspect: "read" },
      { expression: ask.diskWritten, name: deviceOf, aspect: "written", mirrored: true },
    ],
    [ask],
  );
  return <ChartPanel title="Disk traffic" note="read above, written below" unit="bytesPerSecond" {...{ sources, marks }} empty="No disk traffic yet. Rates need two reports; a host without disks of its own, such as a container, has none." />;
}

export function DiskBusyPanel({ ask, marks }: PanelProps) {
  const sources = useMemo<LineSource[]>(() => [{ expression: ask.diskBusy, name: deviceOf }], [ask]);
  return <ChartPanel title="Disk utilisation" note="share of time with requests in flight" unit="percent" axisMax={100} legendRows={3} {...{ sources, marks }} empty="No disk times yet. Rates need two reports." />;
}
