import type { ReactNode } from "react";
import { Link } from "./Link";
import styles from "./LinkButton.module.css";

interface LinkButtonProps {
  to: string;
  find?: Readonly<Record<string, string>>;
  /** The one thing that a page offers to do. */
  main?: boolean;
  label?: string;
  children: ReactNode;
}

/** A way to another page that looks like the buttons beside it. */
export function LinkButton({ to, find = {}, main = false, label, children }: LinkButtonProps) {
  return <Link className={styles.button} data-main={main || undefined} to={to} find={find} aria-label={label}>{children}</Link>;
}
