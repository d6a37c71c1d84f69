import { useMemo } from "react";
import { Link } from "../../parts/Link";
import { useHostFacts } from "../hosts/facts";
import { hostExpressions } from "../hosts/expressions";
import { DiskTrafficPanel } from "../hosts/DiskPanels";
import { MemoryPanel } from "../hosts/MemoryPanels";
import { NetworkPanel } from "../hosts/NetworkPanels";
import { CpuPanel } from "../hosts/ProcessorPanels";
import { StatTiles } from "../hosts/StatTiles";
import styles from "./OverviewPage.module.css";

const NO_MARKS = [] as const;

/** The only host there is, at a glance; its charts follow further down. */
export function SingleHost({ host }: { host: string }) {
  const ask = useMemo(() => hostExpressions(host), [host]);
  const facts = useHostFacts(ask);
  const system = facts.uname ? [facts.uname.sysname, facts.uname.release, facts.uname.machine].filter(Boolean).join(" ") : "";
  return (
    <section aria-label="Host">
      <header className={styles.section}>
        <h2 className={styles.name}><Link to={`/hosts/${encodeURIComponent(host)}`}>{host}</Link></h2>
        <span className={styles.quiet}>{system}</span>
        <Link className={styles.more} to={`/hosts/${encodeURIComponent(host)}`}>All about this host</Link>
      </header>
      <StatTiles ask={ask} memoryTotal={facts.memoryTotal} />
    </section>
  );
}

/** How the only host has been doing. */
export function SingleHostCharts({ host }: { host: string }) {
  const ask = useMemo(() => hostExpressions(host), [host]);
  const { memoryTotal } = useHostFacts(ask);
  return (
    <div className={styles.charts}>
      <CpuPanel ask={ask} marks={NO_MARKS} />
      <MemoryPanel ask={ask} total={memoryTotal} marks={NO_MARKS} />
      <NetworkPanel ask={ask} marks={NO_MARKS} />
      <DiskTrafficPanel ask={ask} marks={NO_MARKS} />
    </div>
  );
}
