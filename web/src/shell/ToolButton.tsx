import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./ToolButton.module.css";

interface ToolButtonProps {
  label: string;
  hint: string;
  disabled?: boolean;
  className?: string | undefined;
  onClick: () => void;
  children: ReactNode;
}

/** A square icon button of the top bar, named for everyone and explained on hover. */
export function ToolButton({ label, hint, disabled, className = "", onClick, children }: ToolButtonProps) {
  return (
    <Tooltip label={hint} openDelay={400}>
      <button type="button" className={`${styles.tool} ${className}`} aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </button>
    </Tooltip>
  );
}
