import { TextInput } from "@mantine/core";
import { useMemo } from "react";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import { EmptyState } from "../../parts/EmptyState";
import { ServerIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import list from "../../parts/ListPage.module.css";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useNow } from "../../parts/useNow";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useInstantQuery } from "../../series/useInstantQuery";
import { navigate, readAddress, useAddress, withSearch } from "../../shell/address";
import { NoServers } from "./NoServers";
import { byTrouble, foundServers, seenAt, verdictOn, type Server } from "./server";
import styles from "./ServerList.module.css";
import { useServers } from "./useServers";

/** More rows than this are searched, not scrolled. */
const MOST = 200;
const SERIES = 'count by (server_id) ({server_id!=""})';

/** All servers that report over REST, the silent ones first. */
export function ServerList() {
  const { data, error, isPending } = useServers();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const text = useAddress().search.get("find") ?? "";
  const now = useNow(5_000);
  const counted = useInstantQuery(SERIES, "settled", (data?.length ?? 0) > 0).data;
  const series = useMemo(() => new Map(counted?.map(({ labels, value }) => [labels.server_id, value])), [counted]);
  const shown = useMemo(() => byTrouble(foundServers(data ?? [], text), now), [data, text, now]);
  if (!data) {
    return <Awaited title="Servers" failure={failure} late={late} height={160} />;
  }
  if (data.length === 0) return <NoServers />;
  const silent = data.filter((server) => verdictOn(server, now).word === "Silent").length;
  return (
    <div className={styles.page}>
      <div className={list.head}>
        <h1>Servers <span className={styles.quiet}>{data.length}</span></h1>
        {silent > 0 && <StateWord tone="warning">{silent} silent</StateWord>}
        <TextInput className={styles.search} aria-label="Find a server" placeholder="Find by name, address or label" type="search" value={text} onChange={(event) => find(event.currentTarget.value)} />
      </div>
      {shown.length === 0 ? (
        <EmptyState icon={<ServerIcon />} title="No server matches" within><p>Names, addresses, systems, versions and labels are searched.</p></EmptyState>
      ) : (
        <div className={styles.frame}>
          <table className={styles.table} aria-label="Servers">
            <thead>
              <tr>
                <th scope="col">Server</th>
                <th scope="col">State</th>
                <th scope="col">Last report</th>
                <th scope="col">Series</th>
                <th scope="col">Agent</th>
                <th scope="col">Labels</th>
              </tr>
            </thead>
            <tbody>{shown.slice(0, MOST).map((server) => <Row key={server.id} server={server} series={series.get(server.id)} now={now} />)}</tbody>
          </table>
        </div>
      )}
      {shown.length > MOST && <p className={styles.rest}>The first {MOST} of {shown.length}. Search to find the others.</p>}
    </div>
  );
}

function find(text: string): void {
  const search = new URLSearchParams(readAddress().search);
  if (text) search.set("find", text);
  else search.delete("find");
  navigate(withSearch(location.pathname, search), { replace: true });
}

function Row({ server, series, now }: { server: Server; series: number | undefined; now: number }) {
  const verdict = verdictOn(server, now);
  const seen = seenAt(server);
  const labels = Object.entries(server.labels);
  return (
    <tr>
      <th scope="row">
        <Link to={`/servers/${encodeURIComponent(server.hostname)}`} className={styles.name} title={server.hostname}>{server.hostname}</Link>
        <span className={styles.about}>{[server.ip_address, server.os].filter(Boolean).join(", ")}</span>
      </th>
      <td data-word="State"><StateWord tone={verdict.tone}>{verdict.word}</StateWord></td>
      <td data-word="Last report" data-nothing={seen === null || undefined}>{seen === null ? "–" : <Ago time={seen} />}</td>
      <td data-word="Series" data-nothing={series === undefined || undefined}>{series === undefined ? "–" : series.toLocaleString("en-GB")}</td>
      <td data-word="Agent" data-nothing={!server.agent_version || undefined} className={styles.cut} title={server.agent_version}>{server.agent_version || "–"}</td>
      <td data-word="Labels" data-nothing={labels.length === 0 || undefined}><span className={styles.labels}>{labels.length === 0 ? "–" : labels.map(([name, value]) => <code key={name} title={`${name}=${value}`}>{name}={value}</code>)}</span></td>
    </tr>
  );
}
