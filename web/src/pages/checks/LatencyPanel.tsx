import { useMemo } from "react";
import { QueryChart, type ChartQuery } from "../../charts/QueryChart";
import { select } from "../../series/selector";
import type { Check } from "./check";
import { isProbed, phaseMetric } from "./kinds";

const ORDER = ["resolve", "connect", "setup", "tls", "processing", "request", "rtt", "transfer"];

/** How many phases there may be: their rows are reserved. */
const PHASES_OF: Record<string, number> = { icmp: 2, dns: 3, http: 4, tls: 3 };

/** How long probes took: by phase where there are any, and where several locations probe, by them. */
export function LatencyPanel({ check }: { check: Check }) {
  const { name, type, status } = check;
  const several = status.locations.length > 1;
  const phases = useMemo<ChartQuery[]>(() => [{ expr: `avg by (phase) (${select(phaseMetric(type), { check: name })})`, legend: "{{phase}}" }], [type, name]);
  const whole = useMemo<ChartQuery[]>(() => [{ expr: select("probe_duration_seconds", { check: name }), legend: several ? "{{location}}" : "duration" }], [name, several]);
  const runs = useMemo<ChartQuery[]>(() => [{ expr: `${select("probe_duration_seconds", { check: name })} > 0`, legend: "duration" }], [name]);
  const value = useMemo<ChartQuery[]>(() => [{ expr: select("probe_value", { check: name }), legend: "value" }], [name]);
  if (type === "promql") return <QueryChart title="Value" queries={value} unit="count" legendRows={1} empty="The expression gave no value in this time range." />;
  if (!isProbed(type)) return type === "heartbeat" ? <QueryChart title="Duration" note="of runs that told their start" queries={runs} unit="seconds" legendRows={1} empty="No run told how long it took in this time range." /> : null;
  return (
    <>
      <QueryChart title="Latency by phase" note={several ? "mean of all locations" : undefined} queries={phases} unit="seconds" stacked order={ORDER} legendRows={check.url.startsWith("https") ? 5 : (PHASES_OF[type] ?? 4)} empty="No probe came far enough to be timed in this time range." />
      {several && <QueryChart title="Latency by location" queries={whole} unit="seconds" legendRows={5} empty="Nothing was probed in this time range." />}
    </>
  );
}
