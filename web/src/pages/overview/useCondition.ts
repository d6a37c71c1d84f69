import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiFailure } from "../../api/failure";
import { queryInstant } from "../../api/api";
import { useNow } from "../../parts/useNow";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { oneOf } from "../../series/selector";
import { useAlerts } from "../../series/useAlerts";
import { useRules } from "../../series/useRules";
import { useChecks } from "../checks/store";
import { useContainers } from "../containers/useContainers";
import { FLEET } from "../hosts/expressions";
import { useHosts } from "../hosts/useHosts";
import { useServers } from "../servers/useServers";
import { instanceOf } from "../targets/jobs";
import { useTargets } from "../targets/useTargets";
import { alertTroubles, byWeight, checkTroubles, containerTroubles, diskTroubles, gathered, hostTroubles, ruleTroubles, serverTroubles, targetTroubles, type Trouble } from "./trouble";
import { useFresh } from "./useFresh";

/** How everything is right now. */
export interface Condition {
  troubles: readonly Trouble[];
  /** What is watched, in words: "2 rules", "1 host". */
  watched: readonly string[];
  /** There is nothing yet that rules could look at. */
  empty: boolean;
  /** What could not be read, in words: then nobody knows whether it is well. */
  unknown: readonly string[];
  /** Not everything has been asked yet. */
  pending: boolean;
  /** The server has never answered: there is nothing to show yet. */
  unreachable: Error | null;
}

export function useCondition(): Condition {
  const now = useNow(5_000);
  const alerts = useAlerts();
  const rules = useRules();
  const checks = useChecks();
  const targets = useTargets();
  const hosts = useHosts();
  const servers = useServers();
  const containers = useContainers(true);
  const reported = useReports(hosts.data);
  const disks = useFresh(FLEET.filesystems);
  const down = useMemo(() => (targets.data?.activeTargets ?? []).filter((target) => target.health === "down").map(instanceOf), [targets.data]);
  const lastUp = useLastMoments("up", down, lastUpOf);

  const troubles = byWeight(gathered([
    ...alertTroubles(alerts.data ?? [], down, checks.data),
    ...checkTroubles(checks.data ?? []),
    ...ruleTroubles(rules.data ?? []),
    ...targetTroubles(targets.data?.activeTargets ?? [], lastUp),
    ...hostTroubles(reported, now),
    ...diskTroubles(disks.readings ?? []),
    ...containerTroubles(containers.data ?? [], alerts.data ?? [], now),
    ...serverTroubles(servers.data ?? [], now),
  ]));
  const asked = [
    ["alerts", alerts],
    ["rules", rules],
    ["checks", checks],
    ["targets", targets],
    ["hosts", hosts],
    ["servers", servers],
  ] as const;
  const counted: ReadonlyArray<readonly [number | undefined, string]> = [
    [hosts.data?.length, "host"],
    [containers.data?.filter((one) => one.state === "running").length, "container"],
    [checks.data?.filter((one) => one.enabled).length, "check"],
    [targets.data?.activeTargets.length, "target"],
    [servers.data?.length, "server"],
  ];
  const say = ([count, word]: readonly [number | undefined, string]): string[] => (count ? [`${count.toLocaleString("en-GB")} ${word}${count === 1 ? "" : "s"}`] : []);
  return {
    troubles,
    watched: [...counted, [rules.data?.length, "rule"] as const].flatMap(say),
    empty: counted.every(([count]) => !count),
    unknown: asked.flatMap(([word, { error }]) => (error && !isUnreachable(error) ? [word] : [])),
    pending: asked.some(([, query]) => query.isPending) || (containers.isPending && !containers.error),
    unreachable: useStandingFailure(alerts.data === undefined && isUnreachable(alerts.error) ? alerts.error : null, alerts.data !== undefined),
  };
}

/** A server that is gone is told of above the page. */
const isUnreachable = (error: Error | null): boolean => error instanceof ApiFailure && error.kind === "unreachable";

/** When targets last answered; of those that did not within a day, when they were first asked. */
const lastUpOf = (which: string): string => `max_over_time((timestamp(up{${which}}) and up{${which}} == 1)[1d:1m]) or min_over_time(timestamp(up{${which}})[1d:1m])`;

/** When each host last reported, for a day back. */
function useReports(hosts: readonly string[] | undefined): ReadonlyMap<string, number> {
  const { readings } = useFresh(FLEET.reportedAt);
  const present = useMemo(() => new Map(readings?.map(({ labels, value }) => [labels.instance ?? "", value])), [readings]);
  const missing = useMemo(() => (readings ? (hosts ?? []).filter((host) => !present.has(host)) : []), [readings, hosts, present]);
  const earlier = useLastMoments("reported", missing, (which) => `max_over_time(node_time_seconds{${which}}[1d])`);
  return useMemo(() => new Map([...earlier, ...present]), [earlier, present]);
}

/** Moments of the last day by instance, asked once a minute and only where there is an instance to ask for. */
function useLastMoments(kind: string, instances: readonly string[], expression: (which: string) => string): ReadonlyMap<string, number> {
  const text = expression(oneOf("instance", instances));
  const { data } = useQuery({
    queryKey: ["settled", "moments", kind, text],
    enabled: instances.length > 0,
    refetchInterval: 60_000,
    queryFn: async ({ signal }) => (await queryInstant(text, undefined, signal)).result,
  });
  return useMemo(() => new Map(instances.length === 0 ? [] : data?.map(({ metric, value }) => [metric.instance ?? "", Number(value[1])])), [data, instances]);
}
