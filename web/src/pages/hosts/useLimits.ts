import { useMemo } from "react";
import { useRules } from "../../series/useRules";
import { limitOf, type Limit } from "./limits";

export interface HostLimits {
  cpu: Limit | null;
  memory: Limit | null;
}

/** The thresholds of the rules that watch hosts, as the server evaluates them. */
export function useLimits(): HostLimits {
  const { data: rules } = useRules();
  return useMemo(() => ({ cpu: limitOf(rules, "HighCpuUsage"), memory: limitOf(rules, "HighMemoryUsage") }), [rules]);
}
