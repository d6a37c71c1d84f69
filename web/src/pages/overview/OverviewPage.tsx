import { Failure } from "../../parts/Failure";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useHosts } from "../hosts/useHosts";
import { ChecksCard } from "./ChecksCard";
import { ContainersCard } from "./ContainersCard";
import { HostRows } from "./HostRows";
import styles from "./OverviewPage.module.css";
import { ServersCard } from "./ServersCard";
import { SingleHost, SingleHostCharts } from "./SingleHost";
import { TargetsCard } from "./TargetsCard";
import { useCondition } from "./useCondition";
import { Verdict } from "./Verdict";

/** The first page: what is wrong, then everything that is watched at a glance, each leading to its page. */
export default function OverviewPage() {
  const condition = useCondition();
  const hosts = useHosts();
  const late = useLate(hosts.isPending);
  const only = hosts.data?.length === 1 ? hosts.data[0] : undefined;
  if (condition.unreachable) return <Failure failure={condition.unreachable} />;
  return (
    <div className={styles.page}>
      <Verdict condition={condition} />
      {!hosts.data ? late && <Placeholder height={140} /> : only !== undefined ? <SingleHost host={only} /> : hosts.data.length > 0 ? <HostRows hosts={hosts.data} /> : <NoHosts />}
      <div className={styles.cards}>
        <ContainersCard />
        <ChecksCard />
        <TargetsCard />
        <ServersCard />
      </div>
      {only !== undefined && <SingleHostCharts host={only} />}
    </div>
  );
}

function NoHosts() {
  return (
    <Panel title="Hosts">
      <p className={styles.hint}>No host reports yet. Sightline reads its own every 5 seconds, and its first report comes within ten seconds of the start; hosts with node_exporter appear when they are scraped.</p>
    </Panel>
  );
}
