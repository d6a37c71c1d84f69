import { TextInput } from "@mantine/core";
import type { Grouping, Standing, StandingAlert } from "../../alerting/standing";
import { Choices } from "../../parts/Choices";
import { Select } from "../../parts/Select";
import { STANDING_WORD } from "../../parts/StandingWord";
import { put } from "../../shell/address";
import styles from "./AlertFilters.module.css";

interface AlertFiltersProps {
  /** Those that the other filters leave, of every standing. */
  active: readonly StandingAlert[];
  text: string;
  problem: string | null;
  standing: Standing | null;
}

/** Always offered, so that one learns that they are there. */
const USUAL: readonly Standing[] = ["firing", "pending", "silenced"];
const RARE: readonly Standing[] = ["inhibited", "maintenance", "muted", "unknown"];

/** Which alerts are shown, by what they are about and how they stand; it stands in the address. */
export function AlertFilters({ active, text, problem, standing }: AlertFiltersProps) {
  const counts = new Map<Standing, number>();
  for (const alert of active) counts.set(alert.standing, (counts.get(alert.standing) ?? 0) + 1);
  const offered = [...USUAL, ...RARE.filter((one) => counts.has(one) || one === standing)];
  return (
    <div className={styles.filters} role="search" aria-label="Alerts">
      <TextInput className={styles.find} aria-label="Find alerts" placeholder={'Words, or matchers such as team="db", severity=~"crit.*"'} type="search" value={text} error={problem} spellCheck={false} onChange={(event) => put("find", event.currentTarget.value)} />
      <Choices<Standing | "all">
        label="State"
        choices={[["all", "All", active.length], ...offered.map((one) => [one, STANDING_WORD[one], counts.get(one) ?? 0] as const)]}
        chosen={standing ?? "all"}
        onChoose={(choice) => put("state", choice === "all" ? "" : choice)}
      />
    </div>
  );
}

interface AlertChoicesProps {
  alerts: readonly StandingAlert[];
  receiver: string;
  severity: string;
  grouping: Grouping;
}

/** Who hears of the alerts that are shown, how bad they are, and how they are put together. */
export function AlertChoices({ alerts, receiver, severity, grouping }: AlertChoicesProps) {
  return (
    <div className={styles.choices}>
      <Select label="Receiver" value={receiver} options={offer("Every receiver", receiver, alerts.flatMap((one) => one.receivers))} onChange={(value) => put("receiver", value)} />
      <Select label="Severity" value={severity} options={offer("Every severity", severity, alerts.map((one) => one.labels.severity ?? ""))} onChange={(value) => put("severity", value)} />
      <Select label="Grouped" labelled value={grouping} options={[["rule", "by rule"], ["told", "as people are told"], ["none", "not at all"]]} onChange={(value) => put("group", value === "rule" ? "" : value)} />
    </div>
  );
}

/** What is there to choose, with what is chosen even where it is there no more. */
function offer(all: string, chosen: string, values: readonly string[]): Array<readonly [string, string]> {
  const found = [...new Set([...values, chosen])].filter(Boolean).sort();
  return [["", all], ...found.map((one) => [one, one] as const)];
}
