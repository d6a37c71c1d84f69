import { EmptyState } from "../../parts/EmptyState";
import { ServerIcon } from "../../parts/icons";
import { Commands, reportCommand } from "./Commands";
import styles from "./NoServers.module.css";

/** The two calls that make a first server appear, for the address that this page came from. */
const commands = (origin: string): string => `SERVER=$(curl -s ${origin}/api/v1/servers \\
  -H 'Content-Type: application/json' \\
  -d '{"hostname": "web-1"}' | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')

${reportCommand(origin, "'$SERVER'")}`;

export function NoServers() {
  return (
    <div className={styles.place}>
      <EmptyState icon={<ServerIcon />} title="No server reports over REST yet">
        <p>Anything that can send JSON can report: it registers once, then sends its metrics as often as it likes. These two commands make a first one:</p>
      </EmptyState>
      <Commands text={commands(location.origin)} label="Commands for a first server" />
    </div>
  );
}
