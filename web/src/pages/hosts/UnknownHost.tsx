import { EmptyState } from "../../parts/EmptyState";
import { HostIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import styles from "./UnknownHost.module.css";

const MOST = 12;

export function UnknownHost({ name, hosts }: { name: string; hosts: readonly string[] }) {
  return (
    <EmptyState icon={<HostIcon />} title="This host is not known">
      <p className={styles.name}>
        No host called <code>{name}</code> has ever reported here. It may be misspelt, or its samples have expired.
      </p>
      <p>{hosts.length === 1 ? "The host that reports:" : `Hosts that report (${hosts.length}):`}</p>
      <ul className={styles.list}>
        {hosts.slice(0, MOST).map((host) => (
          <li key={host}><Link to={`/hosts/${encodeURIComponent(host)}`}>{host}</Link></li>
        ))}
        {hosts.length > MOST && <li><Link to="/hosts">All {hosts.length} hosts</Link></li>}
      </ul>
    </EmptyState>
  );
}
