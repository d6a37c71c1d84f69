import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Dialog } from "./Dialog";
import { CloseIcon } from "./icons";
import styles from "./Drawer.module.css";

interface DrawerProps {
  label: string;
  onClose: () => void;
  /** Stays in sight above the content, beside the button that closes. */
  head: ReactNode;
  /** What that button says, where a cross could be taken for giving up. */
  done?: string;
  children: ReactNode;
}

/** Details at the right, over the page. */
export function Drawer({ label, onClose, head, done, children }: DrawerProps) {
  return (
    <Dialog label={label} className={styles.drawer} onClose={onClose}>
      <div className={styles.inside}>
        <div className={styles.head}>
          <div className={styles.title}>{head}</div>
          {done ? <Button onClick={onClose}>{done}</Button> : <button type="button" className={styles.close} aria-label="Close" title="Close" onClick={onClose}><CloseIcon /></button>}
        </div>
        {children}
      </div>
    </Dialog>
  );
}
