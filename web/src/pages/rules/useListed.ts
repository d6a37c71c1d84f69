import { useMemo } from "react";
import { useAlerts } from "../../series/useAlerts";
import { listedOf, type Listed } from "./ruleList";
import { useRadar, useRuleGroups, useStoredRules } from "./store";

/** All rules with all that is known of them. */
export function useListed(): Listed[] {
  const groups = useRuleGroups().data?.groups;
  const stored = useStoredRules().data;
  const found = useRadar().data?.look.found;
  const alerts = useAlerts().data;
  return useMemo(() => listedOf(groups ?? [], stored ?? [], found ?? [], alerts ?? []), [groups, stored, found, alerts]);
}
