import { useLayoutEffect, useRef, type ReactNode } from "react";
import { CloseIcon } from "./icons";
import styles from "./Drawer.module.css";

interface DrawerProps {
  label: string;
  onClose: () => void;
  /** Stays in sight above the content, beside the button that closes. */
  head: ReactNode;
  children: ReactNode;
}

/** Details at the right, over the page: the browser's own dialog, which holds the focus, closes on Escape and gives the focus back. */
export function Drawer({ label, onClose, head, children }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before it leaves the page: one that is gone gives no focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={styles.drawer}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className={styles.inside}>
        <div className={styles.head}>
          <div className={styles.title}>{head}</div>
          <button type="button" className={styles.close} aria-label="Close" title="Close" onClick={onClose}><CloseIcon /></button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
