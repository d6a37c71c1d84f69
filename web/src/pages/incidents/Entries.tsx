import type { ReactNode } from "react";
import { Ago } from "../../parts/Ago";
import { AlertIcon, BellIcon, CheckIcon, EyeIcon, HistoryIcon, HostIcon, LogIcon, ReceiverIcon, RuleIcon } from "../../parts/icons";
import steps from "../../parts/Steps.module.css";
import { absoluteTime } from "../../time/words";
import type { Entry, EntryKind } from "../../uptime/incident";
import { textOf, titleOf } from "./entryWords";
import styles from "./Entries.module.css";

const ICONS: Record<EntryKind, (props: { className?: string }) => ReactNode> = {
  opened: AlertIcon,
  transition: RuleIcon,
  notice: BellIcon,
  acknowledged: EyeIcon,
  assigned: HostIcon,
  update: LogIcon,
  post_mortem: ReceiverIcon,
  resolved: CheckIcon,
  reopened: HistoryIcon,
};

/** All that happened and was said, the newest first. */
export function Entries({ entries }: { entries: readonly Entry[] }) {
  return (
    <ol className={steps.steps} aria-label="Timeline, the newest first" reversed>
      {entries.toReversed().map((entry, at) => <Line key={entries.length - at} entry={entry} />)}
    </ol>
  );
}

function Line({ entry }: { entry: Entry }) {
  const Icon = ICONS[entry.kind];
  const time = Date.parse(entry.at) / 1000;
  return (
    <li className={`${steps.step} ${styles.entry}`} data-kind={entry.kind}>
      <span className={steps.mark}><Icon /></span>
      <div className={`${steps.body} ${styles.body}`}>
        <p className={styles.line}>
          <strong>{titleOf(entry)}</strong>
          {entry.kind === "update" && <span className={styles.badge}>{entry.public ? "Public" : "Internal"}</span>}
          <span className={styles.when}><time dateTime={entry.at}>{absoluteTime(time)}</time> <span>(<Ago time={time} />)</span></span>
        </p>
        {textOf(entry) && <p className={styles.text} data-said={entry.kind === "update" || undefined}>{textOf(entry)}</p>}
      </div>
    </li>
  );
}
