import { TextInput } from "@mantine/core";
import { useMemo } from "react";
import { ApiFailure } from "../../api/failure";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { ContainerIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useInstantQuery, type Reading } from "../../series/useInstantQuery";
import { put, useAddress } from "../../shell/address";
import { above, found, sorted, verdictOf, type Column, type Container } from "./container";
import styles from "./ContainerList.module.css";
import { useContainers } from "./useContainers";

const COLUMNS: ReadonlyArray<readonly [Column | null, string]> = [
  ["name", "Container"],
  ["state", "State"],
  ["cpu", "CPU"],
  ["memory", "Memory"],
  [null, "Network in / out"],
  ["restarts", "Restarts"],
  ["started", "Since"],
];
const RECEIVED = "sum by (id) (rate(container_network_receive_bytes_total[30s]))";
const SENT = "sum by (id) (rate(container_network_transmit_bytes_total[30s]))";

/** All containers in one table, those with trouble first. */
export function ContainerList() {
  const { search } = useAddress();
  const all = search.get("stopped") === "1";
  const text = search.get("find") ?? "";
  const order = COLUMNS.find(([column]) => column !== null && column === search.get("sort"))?.[0] ?? "state";
  const { data, error, isPending } = useContainers(all);
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined && !error);
  const received = byId(useInstantQuery(RECEIVED).data);
  const sent = byId(useInstantQuery(SENT).data);
  const shown = useMemo(() => sorted(found(data ?? [], text), order), [data, text, order]);
  if (failure && !data) return <NoEngine failure={failure} />;
  if (!data) return <><h1 className={styles.heading}>Containers</h1>{late && <Placeholder height={240} />}</>;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Containers <span className={styles.count}>{data.length || ""}</span></h1>
        <div className={styles.tools}>
          <label className={styles.check}><input type="checkbox" checked={all} onChange={(event) => put("stopped", event.currentTarget.checked ? "1" : "")} /> Stopped ones too</label>
          {data.length > 0 && <TextInput aria-label="Find a container" placeholder="Find by name, image or label" type="search" value={text} onChange={(event) => put("find", event.currentTarget.value)} />}
        </div>
      </div>
      {data.length === 0 ? (
        <NoContainers all={all} />
      ) : shown.length === 0 ? (
        <EmptyState icon={<ContainerIcon />} title="No container matches" within><p>Names, images, ids and labels are searched.</p></EmptyState>
      ) : (
        <div className={styles.frame}>
          <table className={styles.table} aria-label="Containers">
            <thead>
              <tr>
                {COLUMNS.map(([column, word]) => (
                  <th key={word} scope="col" aria-sort={column !== null && column === order ? (column === "name" ? "ascending" : "descending") : undefined}>
                    {column === null ? word : <button type="button" onClick={() => put("sort", column === "state" ? "" : column)}>{word}{column === order && <span aria-hidden="true"> {column === "name" ? "▲" : "▼"}</span>}</button>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => <Row key={one.id} container={one} received={received.get(one.id)} sent={sent.get(one.id)} />)}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

const byId = (readings: readonly Reading[] | undefined): Map<string, number> => new Map(readings?.map(({ labels, value }) => [labels.id ?? "", value]));

interface RowProps {
  container: Container;
  received: number | undefined;
  sent: number | undefined;
}

function Row({ container, received, sent }: RowProps) {
  const verdict = verdictOf(container);
  const began = Date.parse((container.state === "exited" ? container.finished_at : container.started_at) ?? "") / 1000;
  return (
    <tr>
      <th scope="row">
        <Link to={`/containers/${encodeURIComponent(container.name)}`} className={styles.name} title={container.name}>{container.name}</Link>
        <span className={styles.image} title={container.image}>{container.image}</span>
      </th>
      <td data-word="State"><span title={container.status}><StateWord tone={verdict.tone}>{verdict.word}</StateWord></span></td>
      <Meter word="CPU" percent={container.cpu_percent_of_limit} threshold={container.cpu_threshold} figure={format("percent", container.cpu_percent)} note={container.cpu_limit ? `of ${format("count", container.cpu_limit * 100)} %` : ""} />
      <Meter word="Memory" percent={container.memory_percent} threshold={container.memory_threshold} figure={format("bytes", container.memory_bytes)} note={container.memory_limit_bytes ? `of ${format("bytes", container.memory_limit_bytes)}` : ""} />
      <td data-word="Network" data-nothing={(received === undefined && sent === undefined) || undefined} className={styles.network}>{received === undefined && sent === undefined ? "–" : <>{format("bytesPerSecond", received)}<br />{format("bytesPerSecond", sent)}</>}</td>
      <td data-word="Restarts" data-nothing={container.restarts === 0 || undefined}>{container.restarts > 0 ? container.restarts : "–"}</td>
      <td data-word="Since" className={styles.quiet}>{Number.isFinite(began) && began > 0 ? <Ago time={began} /> : "–"}</td>
    </tr>
  );
}

interface MeterProps {
  word: string;
  percent: number | null;
  threshold: number | null;
  figure: string;
  note: string;
}

/** A share of a limit as a bar, with the figure beside it and a mark where the alert begins. */
export function Meter({ word, percent, threshold, figure, note }: MeterProps) {
  const much = above(percent, threshold);
  return (
    <td data-word={word} data-nothing={percent === null || undefined}>
      {percent === null ? "–" : (
        <span className={styles.meter} data-much={much || undefined}>
          <span className={styles.figures}>{figure} <span className={styles.quiet}>{note}</span></span>
          <span className={styles.bar} aria-hidden="true">
            <span style={{ width: `${Math.min(100, percent)}%` }} />
            {threshold !== null && threshold < 100 && <i style={{ left: `${threshold}%` }} />}
          </span>
          {much && <span className={styles.much}>Above {threshold} %</span>}
        </span>
      )}
    </td>
  );
}

function NoContainers({ all }: { all: boolean }) {
  return (
    <EmptyState icon={<ContainerIcon />} title={all ? "No containers" : "No containers run"} within>
      <p>Containers of Docker and Podman appear here by themselves as soon as they start. Sightline looks for the socket of either; another one is named by <code>containers.host</code> in the settings.</p>
    </EmptyState>
  );
}

/** The engine is there, but says no or nothing: its own words tell what to do. */
function NoEngine({ failure }: { failure: Error }) {
  if (!(failure instanceof ApiFailure) || failure.kind === "unreachable") return <Failure failure={failure} />;
  return (
    <EmptyState icon={<ContainerIcon />} title="The container engine does not answer">
      <p>{failure.message}</p>
      <p><code>{failure.code}</code></p>
    </EmptyState>
  );
}
