import { useMediaQuery } from "@mantine/hooks";
import type { KeyboardEvent, ReactNode } from "react";
import { Dialog } from "../../parts/Dialog";
import styles from "./BrowserFrame.module.css";

/** The width at which there is room for two columns. */
export const BESIDE = "(min-width: 1100px)";

/** Beside the queries where there is room, else a drawer over them. */
export function BrowserFrame({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const beside = useMediaQuery(BESIDE, true, { getInitialValueInEffect: false });
  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onClose();
  };
  if (!beside) return <Dialog {...{ label, onClose }} className={styles.drawer}><div className={styles.inside}>{children}</div></Dialog>;
  return <aside className={styles.pane} aria-label={label} onKeyDown={closeOnEscape}>{children}</aside>;
}
