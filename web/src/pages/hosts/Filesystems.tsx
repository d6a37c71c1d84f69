import { useMemo, useState } from "react";
import { format } from "../../charts/units";
import { Failure } from "../../parts/Failure";
import { Panel } from "../../parts/Panel";
import { StateWord } from "../../parts/StateWord";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useInstantQuery } from "../../series/useInstantQuery";
import type { HostExpressions } from "./expressions";
import styles from "./Filesystems.module.css";
import { mountsOf } from "./mounts";
import { DISK_LIMITS, judge } from "./limits";

const FIRST_ROWS = 8;

/** Disk space per mount point, the fullest first. */
export function Filesystems({ ask }: { ask: HostExpressions }) {
  const { data, isPending: pending, error: failure } = useInstantQuery(ask.filesystems);
  const [all, setAll] = useState(false);
  const mounts = useMemo(() => {
    const named = (what: string) => data?.filter(({ labels }) => labels.__name__ === `node_filesystem_${what}_bytes`) ?? [];
    return mountsOf(named("size"), named("free"), named("avail"));
  }, [data]);
  const late = useLate(pending);
  const rows = all ? mounts : mounts.slice(0, FIRST_ROWS);

  return (
    <Panel title="Disk space" note="per mount point, fullest first" wide>
      {mounts.length === 0 ? (
        <div className={styles.place}>
          {failure ? <Failure failure={failure} compact /> : pending ? late && <Placeholder height={112} /> : <p className={styles.empty}>No filesystem reports here.</p>}
        </div>
      ) : (
        <div className={styles.place}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Mount point</th>
                <th scope="col">Size</th>
                <th scope="col">Used</th>
                <th scope="col">Available</th>
                <th scope="col" className={styles.share}>In use</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((mount) => {
                const verdict = judge(mount.share, DISK_LIMITS);
                return (
                  <tr key={`${mount.mountpoint} ${mount.device}`}>
                    <th scope="row" title={`${mount.mountpoint} (${mount.device}, ${mount.fstype})`}>
                      <span className={styles.mount}>{mount.mountpoint}</span>
                      <span className={styles.device}>{mount.others > 0 ? `${mount.device}, ${mount.others} more mounts` : mount.device}</span>
                    </th>
                    <td data-word="Size">{format("bytes", mount.size)}</td>
                    <td data-word="Used">{format("bytes", mount.used)}</td>
                    <td data-word="Available">{format("bytes", mount.available)}</td>
                    <td className={styles.share}>
                      <span className={styles.meter} data-tone={verdict?.tone}>
                        <span className={styles.bar} aria-hidden="true"><span style={{ width: `${mount.share}%` }} /></span>
                        <span className={styles.percent}>{format("percent", mount.share)}</span>
                        <span className={styles.word}>{verdict && verdict.tone !== "good" && <StateWord tone={verdict.tone}>{verdict.word}</StateWord>}</span>
                      </span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
          {mounts.length > FIRST_ROWS && (
            <button type="button" className={styles.more} onClick={() => setAll(!all)}>
              {all ? `Show the fullest ${FIRST_ROWS}` : `Show all ${mounts.length}`}
            </button>
          )}
        </div>
      )}
    </Panel>
  );
}
