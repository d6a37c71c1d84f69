import { useQuery } from "@tanstack/react-query";
import { queryInstant } from "../../api/api";
import { reachability } from "../../api/reachability";
import { useStorePart } from "../../live/store";
import { StateWord } from "../../parts/StateWord";
import { useNow } from "../../parts/useNow";
import { visit } from "../../shell/address";
import { shortDuration } from "../../time/duration";
import { absoluteTime, relativeTime } from "../../time/words";
import type { HostExpressions } from "./expressions";
import type { HostFacts } from "./facts";
import styles from "./HostHeader.module.css";
import { SILENT_AFTER } from "./limits";

interface HostHeaderProps {
  instance: string;
  hosts: readonly string[];
  facts: HostFacts;
  ask: HostExpressions;
}

export function HostHeader({ instance, hosts, facts, ask }: HostHeaderProps) {
  const now = useNow();
  const reported = useQuery({
    queryKey: ["freshness", ask.reportedAt],
    queryFn: async ({ signal }) => {
      const { result } = await queryInstant(ask.reportedAt, undefined, signal);
      return result[0] ? Number(result[0].value[1]) : null;
    },
  }).data;
  const { uname, bootTime } = facts;
  const system = uname ? [uname.sysname, uname.release, uname.machine].filter(Boolean).join(" ") : null;

  return (
    <header className={styles.header}>
      <div className={styles.names}>
        <h1 className={styles.name}>{instance}</h1>
        <p className={styles.facts}>
          {uname?.nodename && uname.nodename !== instance && <span>{uname.nodename}</span>}
          {system && <span>{system}</span>}
          {bootTime !== null && <span title={`Started ${absoluteTime(bootTime)}`}>Up {shortDuration(now - bootTime)}</span>}
          {facts.cores !== null && <span>{facts.cores === 1 ? "1 core" : `${facts.cores} cores`}</span>}
        </p>
      </div>
      {hosts.length > 1 && (
        <label className={styles.switcher}>
          <span>Host</span>
          <select value={instance} onChange={(event) => visit(`/hosts/${encodeURIComponent(event.currentTarget.value)}`)}>
            {hosts.map((host) => <option key={host}>{host}</option>)}
          </select>
        </label>
      )}
      <Freshness reported={reported} now={now} />
    </header>
  );
}

function Freshness({ reported, now }: { reported: number | null | undefined; now: number }) {
  const reachable = useStorePart(reachability, (state) => state.reachable);
  if (reported === undefined) return <span className={styles.freshness} />;
  if (reported === null) return <span className={styles.freshness}><StateWord tone="warning">No samples for over 5 min</StateWord></span>;
  const silent = now - reported > SILENT_AFTER;
  const age = relativeTime(reported, now);
  return (
    <span className={styles.freshness} title={`Last report ${absoluteTime(reported)}`}>
      {!reachable ? (
        <StateWord tone="neutral">Stale, updated {age}</StateWord>
      ) : silent ? (
        <StateWord tone="warning">Silent, last report {age}</StateWord>
      ) : (
        <StateWord tone="good">Updated {age}</StateWord>
      )}
    </span>
  );
}
