import { Popover } from "@mantine/core";
import { useState } from "react";
import { useStore } from "../../live/store";
import { Ago } from "../../parts/Ago";
import { HistoryIcon, StarIcon } from "../../parts/icons";
import { changeHistory, loadHistory, queryHistory, toggleStar } from "./history";
import styles from "./HistoryMenu.module.css";
import { IconButton } from "./IconButton";

/** Queries asked before in this browser, the starred ones first. */
export function HistoryMenu({ className, onPick }: { className: string | undefined; onPick: (expr: string) => void }) {
  const { recent, starred } = useStore(queryHistory);
  const [open, setOpen] = useState(false);
  const toggle = (): void => {
    if (!open) loadHistory();
    setOpen(!open);
  };
  const pick = (expr: string): void => {
    setOpen(false);
    onPick(expr);
  };
  const others = recent.filter(({ expr }) => !starred.includes(expr));
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width="min(560px, calc(100vw - 24px))" trapFocus returnFocus shadow="md">
      <Popover.Target>
        <button type="button" className={className} aria-expanded={open} onClick={toggle}>
          <HistoryIcon />
          History
        </button>
      </Popover.Target>
      <Popover.Dropdown className={styles.dropdown} aria-label="Query history">
        {starred.length + recent.length === 0 ? (
          <p className={styles.empty}>Queries you run are kept here, the last 50, in this browser alone. A star keeps one for good.</p>
        ) : (
          <>
            {starred.length > 0 && <Group title="Starred" items={starred.map((expr) => ({ expr, at: null }))} {...{ starred, pick }} />}
            {others.length > 0 && <Group title="Recent" items={others} {...{ starred, pick }} />}
          </>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

interface GroupProps {
  title: string;
  items: ReadonlyArray<{ expr: string; at: number | null }>;
  starred: readonly string[];
  pick: (expr: string) => void;
}

function Group({ title, items, starred, pick }: GroupProps) {
  return (
    <section aria-label={title}>
      <h2 className={styles.title}>{title}</h2>
      <ul className={styles.list}>
        {items.map(({ expr, at }) => (
          <li key={expr} className={styles.item}>
            <IconButton label={starred.includes(expr) ? `Unstar ${expr}` : `Star ${expr}`} pressed={starred.includes(expr)} onClick={() => changeHistory((old) => toggleStar(old, expr))}>
              <StarIcon />
            </IconButton>
            <button type="button" className={styles.query} onClick={() => pick(expr)}>
              <code>{expr}</code>
              {at !== null && <span className={styles.when}><Ago time={at} /></span>}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
