import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import { StateWord } from "../../parts/StateWord";
import { useNow } from "../../parts/useNow";
import { byTrouble, seenAt, verdictOn, type Server } from "../servers/server";
import { useServers } from "../servers/useServers";
import { Card } from "./Card";
import styles from "./Card.module.css";

const MOST = 8;

/** Who reports over REST, and when last. */
export function ServersCard() {
  const { data, error } = useServers();
  return (
    <Card title="Servers over REST" to="/servers" all="All servers" first="How to send a first report" watched={data} error={error}>
      {(servers) => <Counted servers={servers} />}
    </Card>
  );
}

function Counted({ servers }: { servers: readonly Server[] }) {
  const now = useNow(5_000);
  const words = servers.map((server) => verdictOn(server, now).word);
  const reporting = words.filter((word) => word === "Reporting").length;
  const silent = words.filter((word) => word === "Silent").length;
  return (
    <>
      <p className={styles.figures}>
        <span className={styles.figure}>{reporting}</span> of {servers.length} reporting
        {silent > 0 && <StateWord tone="warning">{silent} silent</StateWord>}
      </p>
      <ul className={styles.list} aria-label="Servers">
        {byTrouble(servers, now).slice(0, MOST).map((server) => <Row key={server.id} server={server} now={now} />)}
      </ul>
    </>
  );
}

function Row({ server, now }: { server: Server; now: number }) {
  const verdict = verdictOn(server, now);
  const seen = seenAt(server);
  return (
    <li className={styles.row}>
      <Link to={`/servers/${encodeURIComponent(server.hostname)}`} className={styles.name} title={server.hostname}>{server.hostname}</Link>
      <StateWord tone={verdict.tone}>{seen === null ? verdict.word : <Ago time={seen} />}</StateWord>
    </li>
  );
}
