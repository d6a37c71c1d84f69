import { useMemo } from "react";
import { format } from "../../charts/units";
import { latest } from "../../series/grid";
import { linesOf, total } from "../../series/lines";
import { useInstantQuery } from "../../series/useInstantQuery";
import { useRangeQueries, type Expression } from "../../series/useRangeQuery";
import type { HostExpressions } from "./expressions";
import { DISK_LIMITS, judge, type Limit, type Verdict } from "./limits";
import { StatTile } from "./StatTile";
import styles from "./StatTile.module.css";
import { useLimits } from "./useLimits";

const unnamed = () => "";

/** The verdict strip: CPU, memory, the fullest filesystem and the network at a glance. */
export function StatTiles({ ask, memoryTotal }: { ask: HostExpressions; memoryTotal: number | null }) {
  return (
    <div className={styles.strip}>
      <CpuTile ask={ask} />
      <MemoryTile ask={ask} total={memoryTotal} />
      <FilesystemTile ask={ask} />
      <NetworkTile ask={ask} />
    </div>
  );
}

interface Total {
  values: Array<number | null>;
  pending: boolean;
}

function useTotal(expression: Expression): Total {
  const { grids, pending } = useRangeQueries([expression]);
  const values = useMemo(() => total(linesOf([{ expression, name: unnamed }], grids)?.lines ?? []), [expression, grids]);
  return { values, pending };
}

/** No verdict before the first answer, for "no data" would be premature, nor without anything to judge by. */
function verdictOn(share: number | null, limits: readonly Limit[], pending: boolean): Verdict | undefined {
  return pending && share === null ? undefined : (judge(share, limits) ?? undefined);
}

const listed = (limit: Limit | null): readonly Limit[] => (limit ? [limit] : []);

function CpuTile({ ask }: { ask: HostExpressions }) {
  const { data, isPending } = useInstantQuery(ask.cpuInUse);
  const { grids } = useRangeQueries([ask.cpuByMode]);
  const values = useMemo(() => {
    const lines = linesOf([{ expression: ask.cpuByMode, name: ({ mode }) => mode ?? "" }], grids)?.lines ?? [];
    return total(lines.filter(({ name }) => name !== "iowait"));
  }, [ask, grids]);
  const share = data?.[0]?.value ?? null;
  const { cpu } = useLimits();
  return <StatTile title="CPU" figure={format("percent", share)} detail="of all cores" verdict={verdictOn(share, listed(cpu), isPending)} values={values} max={100} />;
}

function MemoryTile({ ask, total: size }: { ask: HostExpressions; total: number | null }) {
  const { values, pending } = useTotal(ask.memoryUsed);
  const used = latest(values);
  const share = used === null || !size ? null : (100 * used) / size;
  const { memory } = useLimits();
  return (
    <StatTile
      title="Memory"
      figure={format("percent", share)}
      detail={`${format("bytes", used)} of ${format("bytes", size)}`}
      verdict={verdictOn(share, listed(memory), pending || size === null)}
      values={values}
      {...(size ? { max: size } : {})}
    />
  );
}

function FilesystemTile({ ask }: { ask: HostExpressions }) {
  const { grids, pending } = useRangeQueries([ask.filesystemUsed]);
  const fullest = grids[0]?.series
    .map((series) => ({ series, share: latest(series.values) ?? -1 }))
    .reduce<{ series: { labels: Record<string, string>; values: Array<number | null> }; share: number } | null>(
      (best, one) => (best === null || one.share > best.share ? one : best),
      null,
    );
  const share = fullest && fullest.share >= 0 ? fullest.share : null;
  return (
    <StatTile
      title="Disk space"
      figure={format("percent", share)}
      detail={fullest ? `${fullest.series.labels.mountpoint}, the fullest` : "–"}
      verdict={verdictOn(share, DISK_LIMITS, pending)}
      values={fullest?.series.values ?? []}
      max={100}
    />
  );
}

function NetworkTile({ ask }: { ask: HostExpressions }) {
  const received = useTotal(ask.received).values;
  const sent = useTotal(ask.sent).values;
  return (
    <StatTile
      title="Network"
      figure={format("bytesPerSecond", latest(received))}
      figureNote="in"
      detail={`${format("bytesPerSecond", latest(sent))} out`}
      values={received}
    />
  );
}
