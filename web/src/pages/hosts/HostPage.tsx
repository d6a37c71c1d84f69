import { useMemo } from "react";
import { activeSince, byUrgency, useAlerts } from "../../series/useAlerts";
import type { TimeMark } from "../../charts/marks";
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

  const own = useMemo(() => (alerts ?? []).filter((alert) => alert.labels.instance === instance).sort(byUrgency), [alerts, instance]);
  const marks = useMemo<TimeMark[]>(
    () => own.map((alert) => ({ time: activeSince(alert), label: alert.labels.alertname ?? "Alert", tone: alert.state })),
    [own],
  );

  return (
    <>
      <HostHeader instance={instance} hosts={hosts} facts={facts} ask={ask} />
      <HostAlerts alerts={own.filter((alert) => alert.state !== "resolved")} />
      <StatTiles ask={ask} memoryTotal={facts.memoryTotal} />
      {!facts.pending && (
        <div className={styles.grid}>
          <CpuPanel ask={ask} marks={marks} />
          <LoadPanel ask={ask} cores={facts.cores} marks={marks} />
          <MemoryPanel ask={ask} total={facts.memoryTotal} marks={marks} />
          {facts.swapTotal !== null && facts.swapTotal > 0 && <SwapPanel ask={ask} total={facts.swapTotal} marks={marks} />}
          <NetworkPanel ask={ask} marks={marks} />
          {facts.networkTrouble && <NetworkTroublePanel ask={ask} marks={marks} />}
          <DiskTrafficPanel ask={ask} marks={marks} />
          <DiskBusyPanel ask={ask} marks={marks} />
          <Filesystems ask={ask} />
        </div>
      )}
    </>
  );
}
