import { Popover } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { MoreIcon } from "./icons";
import styles from "./Menu.module.css";

/** A button that opens a short list of things to do; choosing one closes it. */
export function Menu({ label, className = "", children }: { label: string; className?: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <button type="button" className={`${styles.target} ${className}`} aria-label={label} onClick={() => setOpen(!open)}><MoreIcon /></button>
      </Popover.Target>
      <Popover.Dropdown className={styles.list} aria-label={label} onClick={() => setOpen(false)}>{children}</Popover.Dropdown>
    </Popover>
  );
}
