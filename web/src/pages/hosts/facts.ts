import type { Labels } from "../../api/responses";
import { useInstantQuery, type Reading } from "../../series/useInstantQuery";
import type { HostExpressions } from "./expressions";

/** What about a host changes rarely; null until known. */
export interface HostFacts {
  uname: Labels | null;
  bootTime: number | null;
  cores: number | null;
  memoryTotal: number | null;
  swapTotal: number | null;
  /** A packet was lost or broken since the host started. */
  networkTrouble: boolean;
  /** Until all are answered it is open which charts the page has. */
  pending: boolean;
}

export function useHostFacts(ask: HostExpressions): HostFacts {
  const uname = useInstantQuery(ask.uname, "settled");
  const bootTime = useInstantQuery(ask.bootTime, "settled");
  const cores = useInstantQuery(ask.cores, "settled");
  const memoryTotal = useInstantQuery(ask.memoryTotal, "settled");
  const swapTotal = useInstantQuery(ask.swapTotal, "settled");
  const networkTrouble = useInstantQuery(ask.networkTrouble, "settled");
  return {
    uname: uname.data?.[0]?.labels ?? null,
    bootTime: figure(bootTime),
    cores: figure(cores),
    memoryTotal: figure(memoryTotal),
    swapTotal: figure(swapTotal),
    networkTrouble: (figure(networkTrouble) ?? 0) > 0,
    pending: [uname, bootTime, cores, memoryTotal, swapTotal, networkTrouble].some((query) => query.isPending),
  };
}

const figure = ({ data }: { data: Reading[] | undefined }): number | null => data?.[0]?.value ?? null;
