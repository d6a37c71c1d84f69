import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import styles from "./BrowserFrame.module.css";

/** The width at which there is room for two columns. */
export const BESIDE = "(min-width: 1100px)";

/** Beside the queries where there is room, else a drawer over them. */
export function BrowserFrame({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const beside = useMediaQuery(BESIDE, true, { getInitialValueInEffect: false });
  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") onClose();
  };
  if (!beside) return <Drawer {...{ label, onClose }}>{children}</Drawer>;
  return <aside className={styles.pane} aria-label={label} onKeyDown={closeOnEscape}>{children}</aside>;
}

/** The browser's own dialog: it holds the focus, closes on Escape and gives the focus back. */
function Drawer({ label, onClose, children }: { label: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className={styles.drawer} aria-label={label} onCancel={onClose} onClick={(event) => event.target === dialog.current && onClose()}>
      <div className={styles.inside}>{children}</div>
    </dialog>
  );
}
