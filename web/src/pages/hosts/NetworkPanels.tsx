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

export function NetworkPanel({ ask, marks }: PanelProps) {
  const sources = useMemo<LineSource[]>(
    () => [
      { expression: ask.received, name: deviceOf, aspect: "received" },
      { expression: ask.sent, name: deviceOf, aspect: "sent", mirrored: true },
    ],
    [ask],
  );
  return <ChartPanel title="Network traffic" note="received above, sent below" unit="bytesPerSecond" {...{ sources, marks }} empty="No network traffic yet. Rates need two reports; loopback is left out." />;
}

const TROUBLES = [
  ["receive", "errs", "receive errors"],
  ["receive", "drop", "receive drops"],
  ["transmit", "errs", "send errors"],
  ["transmit", "drop", "send drops"],
] as const;

export function NetworkTroublePanel({ ask, marks }: PanelProps) {
  const sources = useMemo<LineSource[]>(
    () => TROUBLES.map(([direction, what, words]) => ({ expression: ask.networkCount(direction, what), name: deviceOf, aspect: words, colourBy: ({ device }) => `${device} ${words}` })),
    [ask],
  );
  return <ChartPanel title="Network errors and drops" note="packets" unit="perSecond" {...{ sources, marks }} empty="No errors or drops in this time range." />;
}
