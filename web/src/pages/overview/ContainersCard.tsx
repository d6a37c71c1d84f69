import { ApiFailure } from "../../api/failure";
import { format } from "../../charts/units";
import { Link } from "../../parts/Link";
import { Panel } from "../../parts/Panel";
import { StateWord } from "../../parts/StateWord";
import { above, sorted, verdictOf, type Container } from "../containers/container";
import { useContainers } from "../containers/useContainers";
import styles from "./Card.module.css";

const TOP = 5;

/** How many containers there are, and which use the most. */
export function ContainersCard() {
  const { data, error } = useContainers(true);
  return (
    <Panel title="Containers" aside={<Link className={styles.more} to="/containers">All containers</Link>}>
      <div className={styles.body}>
        {!data ? <Unread error={error} /> : data.length === 0 ? <p className={styles.hint}>None here. Containers of Docker and Podman appear by themselves.</p> : <Counted containers={data} />}
      </div>
    </Panel>
  );
}

/** An engine that says no has told why; the page of containers repeats it with what to do. */
function Unread({ error }: { error: Error | null }) {
  if (!error) return null;
  return <p className={styles.hint}>{error instanceof ApiFailure && error.kind === "unreachable" ? "Not read yet." : error.message}</p>;
}

function Counted({ containers }: { containers: readonly Container[] }) {
  const running = containers.filter((one) => one.state === "running");
  const trouble = containers.filter((one) => verdictOf(one).tone === "critical").length;
  const stopped = containers.filter((one) => one.state === "exited" || one.state === "created").length;
  return (
    <>
      <p className={styles.figures}>
        <span className={styles.figure}>{running.length}</span> running
        {trouble > 0 && <StateWord tone="critical">{trouble} in trouble</StateWord>}
        {stopped > 0 && <span className={styles.quiet}>{stopped} stopped</span>}
      </p>
      {running.length > 0 && (
        <div className={styles.pair}>
          <Top title="Most CPU" containers={sorted(running, "cpu")} share={(one) => one.cpu_percent_of_limit} threshold={(one) => one.cpu_threshold} figure={(one) => format("percent", one.cpu_percent)} />
          <Top title="Most memory" containers={sorted(running, "memory")} share={(one) => one.memory_percent} threshold={(one) => one.memory_threshold} figure={(one) => format("bytes", one.memory_bytes)} />
        </div>
      )}
    </>
  );
}

interface TopProps {
  title: string;
  containers: readonly Container[];
  /** Percent of its limit, and where its alert begins. */
  share: (container: Container) => number | null;
  threshold: (container: Container) => number | null;
  figure: (container: Container) => string;
}

function Top({ title, containers, share, threshold, figure }: TopProps) {
  return (
    <div className={styles.top}>
      <h3 className={styles.title}>{title}</h3>
      <ol className={styles.list} aria-label={title}>
        {containers.slice(0, TOP).map((one) => (
          <li key={one.id} className={styles.bars} data-much={above(share(one), threshold(one)) || undefined}>
            <Link to={`/containers/${encodeURIComponent(one.name)}`} className={styles.name} title={one.name}>{one.name}</Link>
            <span className={styles.value}>{figure(one)}</span>
            <span className={styles.bar} title={`${format("percent", share(one))} of its limit`}><span style={{ width: `${Math.min(100, share(one) ?? 0)}%` }} /></span>
          </li>
        ))}
      </ol>
    </div>
  );
}
