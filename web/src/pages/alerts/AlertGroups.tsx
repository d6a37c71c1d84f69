import { Button } from "@mantine/core";
import { useState } from "react";
import type { AlertGroup, Grouping } from "../../alerting/standing";
import cards from "../../parts/Cards.module.css";
import { AlertRow } from "./AlertRow";
import styles from "./AlertGroups.module.css";

/** Shown at first of everything that may be long, and how many more at once. */
const FIRST = 10;
const FIRST_ALONE = 50;
const MORE = 100;
const FIRST_GROUPS = 20;

interface AlertGroupsProps {
  name: string;
  groups: readonly AlertGroup[];
  headed: Grouping;
  /** Under a heading of its own. */
  beneath?: boolean;
}

/** Alerts in their groups; of thousands only the first are drawn until more are asked for. */
export function AlertGroups({ name, groups, headed, beneath = false }: AlertGroupsProps) {
  const [most, setMost] = useState(FIRST_GROUPS);
  return (
    <div className={styles.groups}>
      {groups.slice(0, most).map((group) => <Group key={group.key} {...{ name, group, headed, beneath }} />)}
      {groups.length > most && <More what="groups" shown={most} of={groups.length} onMore={() => setMost(most + FIRST_GROUPS)} />}
    </div>
  );
}

function Group({ name, group, headed, beneath }: { name: string; group: AlertGroup; headed: Grouping; beneath: boolean }) {
  const [most, setMost] = useState(headed === "none" ? FIRST_ALONE : FIRST);
  const { alerts } = group;
  // One alert says the name of its rule itself.
  const hasHead = headed === "told" || (headed === "rule" && alerts.length > 1);
  const labels = Object.entries(group.labels ?? {});
  const spoken = group.name || labels.map(([label, value]) => `${label}=${value}`).join(", ");
  return (
    <section className={styles.group} data-headed={hasHead || undefined}>
      {hasHead && (
        <header className={styles.head}>
          <h2 className={styles.name}>{spoken ? (group.name || labels.map(([label, value]) => <code key={label}>{label}={value}</code>)) : "Everything together"}</h2>
          {group.receiver && <span className={styles.quiet}>told to {group.receiver}</span>}
          <span className={styles.quiet}>{alerts.length.toLocaleString("en-GB")} {alerts.length === 1 ? "alert" : "alerts"}</span>
        </header>
      )}
      <ul className={cards.list} aria-label={hasHead ? `${name} of ${[spoken || "everything", group.receiver].filter(Boolean).join(", ")}` : name}>
        {alerts.slice(0, most).map((alert) => <AlertRow key={`${alert.key} ${alert.since}`} alert={alert} level={hasHead || beneath ? 3 : 2} within={headed === "rule" && hasHead} />)}
      </ul>
      {alerts.length > most && <More what="alerts" shown={most} of={alerts.length} onMore={() => setMost(most + MORE)} />}
    </section>
  );
}

function More({ what, shown, of, onMore }: { what: string; shown: number; of: number; onMore: () => void }) {
  return (
    <p className={styles.more}>
      <Button size="xs" variant="default" onClick={onMore}>Show more</Button>
      <span className={styles.quiet}>{shown.toLocaleString("en-GB")} of {of.toLocaleString("en-GB")} {what}</span>
    </p>
  );
}
