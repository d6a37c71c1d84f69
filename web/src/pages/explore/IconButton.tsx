import type { ReactNode } from "react";
import styles from "./IconButton.module.css";

interface IconButtonProps {
  label: string;
  pressed?: boolean;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

/** A quiet square with an icon: its label is its tooltip. */
export function IconButton({ label, pressed, disabled, onClick, children }: IconButtonProps) {
  return (
    <button type="button" className={styles.button} aria-label={label} title={label} aria-pressed={pressed} disabled={disabled} onClick={onClick}>
      {children}
    </button>
  );
}
