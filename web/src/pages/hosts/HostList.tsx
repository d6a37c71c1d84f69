import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Link } from "../../parts/Link";
import { StateWord } from "../../parts/StateWord";
import { useNow } from "../../parts/useNow";
import { useAlerts } from "../../series/useAlerts";
import { useInstantQuery, type Reading } from "../../series/useInstantQuery";
import { FLEET } from "./expressions";
import styles from "./HostList.module.css";
import { DISK_LIMITS, judge, SILENT_AFTER, type Limit, type Verdict } from "./limits";
import { useLimits } from "./useLimits";

/** All hosts, those with trouble first. */
export function HostList({ hosts }: { hosts: readonly string[] }) {
  const now = useNow();
  const reported = byInstance(useInstantQuery(FLEET.reportedAt).data);
  const cpu = byInstance(useInstantQuery(FLEET.cpu).data);
  const memory = byInstance(useInstantQuery(FLEET.memory).data);
  const disk = byInstance(useInstantQuery(FLEET.disk).data);
  const uname = new Map(useInstantQuery(FLEET.uname, "settled").data?.map(({ labels }) => [labels.instance, labels]));
  const { data: alerts } = useAlerts();
  const limits = useLimits();

  const rows = hosts.map((host) => {
    const firing = alerts?.filter((alert) => alert.state === "firing" && alert.labels.instance === host).length ?? 0;
    return { host, firing, verdict: verdictOf(firing, reported?.get(host), reported !== null, now) };
  });
  rows.sort((a, b) => b.verdict.weight - a.verdict.weight);

  return (
    <>
      <h1 className={styles.heading}>Hosts <span className={styles.count}>{hosts.length}</span></h1>
      <div className={styles.frame}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Host</th>
              <th scope="col">State</th>
              <th scope="col">CPU</th>
              <th scope="col">Memory</th>
              <th scope="col">Fullest filesystem</th>
              <th scope="col">Last report</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ host, verdict }) => (
              <tr key={host}>
                <th scope="row">
                  <Link to={`/hosts/${encodeURIComponent(host)}`} className={styles.name} title={host}>{host}</Link>
                  <span className={styles.system}>{[uname.get(host)?.sysname, uname.get(host)?.release].filter(Boolean).join(" ")}</span>
                </th>
                <td data-word="State"><StateWord tone={verdict.tone}>{verdict.word}</StateWord></td>
                <Share word="CPU" value={cpu?.get(host)} limits={limits.cpu ? [limits.cpu] : []} />
                <Share word="Memory" value={memory?.get(host)} limits={limits.memory ? [limits.memory] : []} />
                <Share word="Fullest filesystem" value={disk?.get(host)} limits={DISK_LIMITS} />
                <td data-word="Last report" className={styles.quiet}>{reported?.get(host) ? <Ago time={reported.get(host) as number} /> : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function byInstance(readings: readonly Reading[] | undefined): Map<string, number> | null {
  return readings ? new Map(readings.map(({ labels, value }) => [labels.instance ?? "", value])) : null;
}

function verdictOf(firing: number, reported: number | undefined, known: boolean, now: number): Verdict & { weight: number } {
  if (firing > 0) return { tone: "critical", word: firing === 1 ? "1 alert firing" : `${firing} alerts firing`, weight: 3 };
  if (!known) return { tone: "neutral", word: "Reading…", weight: 0 };
  if (reported === undefined || now - reported > SILENT_AFTER) return { tone: "warning", word: "Silent", weight: 2 };
  return { tone: "good", word: "Reporting", weight: 0 };
}

function Share({ word, value, limits }: { word: string; value: number | undefined; limits: readonly Limit[] }) {
  const verdict = judge(value ?? null, limits);
  return (
    <td data-word={word}>
      <span className={styles.meter} data-tone={verdict?.tone}>
        <span className={styles.bar} aria-hidden="true"><span style={{ width: `${value ?? 0}%` }} /></span>
        <span className={styles.percent}>{format("percent", value)}</span>
        <span className={styles.trouble}>{verdict?.tone === "critical" || verdict?.tone === "warning" ? verdict.word : ""}</span>
      </span>
    </td>
  );
}
