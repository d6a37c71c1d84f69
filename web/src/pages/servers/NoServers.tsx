import { useState } from "react";
import { Copy } from "../../parts/Copy";
import { EmptyState } from "../../parts/EmptyState";
import { ServerIcon } from "../../parts/icons";
import styles from "./NoServers.module.css";

/** The two calls that make a first server appear, for the address that this page came from. */
const commands = (origin: string): string => `SERVER=$(curl -s ${origin}/api/v1/servers \\
  -H 'Content-Type: application/json' \\
  -d '{"hostname": "web-1"}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

curl -s ${origin}/api/v1/ingest \\
  -H 'Content-Type: application/json' \\
  -d '{"server_id": "'$SERVER'", "metrics": [
        {"metric_type": "cpu", "metric_name": "usage_percent", "value": 42}]}'
`;

export function NoServers() {
  const [copied, setCopied] = useState(false);
  const text = commands(location.origin);
  return (
    <div className={styles.place}>
      <EmptyState icon={<ServerIcon />} title="No server reports over REST yet">
        <p>Anything that can send JSON can report: it registers once, then sends its metrics as often as it likes. These two commands make a first one:</p>
      </EmptyState>
      <pre className={styles.commands} tabIndex={0} aria-label="Commands for a first server">{text}</pre>
      <Copy text={text} copied={copied} onCopied={setCopied} />
    </div>
  );
}
