import { useMemo, type CSSProperties } from "react";
import { activeSince, byUrgency, useAlerts } from "../../series/useAlerts";
import type { TimeMark } from "../../charts/marks";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useHostFacts } from "./facts";
import { Filesystems } from "./Filesystems";
import { hostExpressions } from "./expressions";
import { HostAlerts } from "./HostAlerts";
import { CpuPanel, LoadPanel } from "./ProcessorPanels";
import { DiskBusyPanel, DiskTrafficPanel } from "./DiskPanels";
import { HostHeader } from "./HostHeader";
import styles from "./HostPage.module.css";
import { MemoryPanel, SwapPanel } from "./MemoryPanels";
import { NetworkPanel, NetworkTroublePanel } from "./NetworkPanels";
import { StatTiles } from "./StatTiles";

/** Everything about one host on one page, from the verdict down to the single device. */
export function HostPage({ instance, hosts }: { instance: string; hosts: readonly string[] }) {
  const ask = useMemo(() => hostExpressions(instance), [instance]);
  const facts = useHostFacts(ask);
  const { data: alerts } = useAlerts();
  const late = useLate(facts.pending);

  const own = useMemo(() => (alerts ?? []).filter((alert) => alert.labels.instance === instance).sort(byUrgency), [alerts, instance]);
  const marks = useMemo<TimeMark[]>(
    () => own.map((alert) => ({ time: activeSince(alert), label: alert.labels.alertname ?? "Alert", tone: alert.state })),
    [own],
  );

  const hasSwap = facts.swapTotal !== null && facts.swapTotal > 0;

  return (
    <>
      <HostHeader instance={instance} hosts={hosts} facts={facts} ask={ask} />
      <HostAlerts alerts={own.filter((alert) => alert.state !== "resolved")} />
      <StatTiles ask={ask} memoryTotal={facts.memoryTotal} />
      {facts.pending ? (
        late && <Placeholder height={600} />
      ) : (
        <div className={styles.place}>
          <div className={styles.grid} style={restOfRow(6 + Number(hasSwap) + Number(facts.networkTrouble))}>
            <CpuPanel ask={ask} marks={marks} />
            <LoadPanel ask={ask} cores={facts.cores} marks={marks} />
            <MemoryPanel ask={ask} total={facts.memoryTotal} marks={marks} />
            {hasSwap && <SwapPanel ask={ask} total={facts.swapTotal} marks={marks} />}
            <NetworkPanel ask={ask} marks={marks} />
            {facts.networkTrouble && <NetworkTroublePanel ask={ask} marks={marks} />}
            <DiskTrafficPanel ask={ask} marks={marks} />
            <DiskBusyPanel ask={ask} marks={marks} />
            <Filesystems ask={ask} />
          </div>
        </div>
      )}
    </>
  );
}

/** How many columns the last row of so many charts leaves to the table after them, where there are two, three or four. */
function restOfRow(charts: number): CSSProperties {
  return Object.fromEntries([2, 3, 4].map((columns) => [`--rest-of-${columns}`, columns - (charts % columns)]));
}
