import type { ReactNode } from "react";
import styles from "./FactList.module.css";

/** A list of terms, each with its value in a `div`; `className` says how wide the terms are, as `--facts-word`. */
export function FactList({ className = "", children }: { className?: string; children: ReactNode }) {
  return <dl className={`${styles.facts} ${className}`}>{children}</dl>;
}
