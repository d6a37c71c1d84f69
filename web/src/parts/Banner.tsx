import type { ReactNode } from "react";
import styles from "./Banner.module.css";

interface BannerProps {
  /** What it asks, where it asks something. */
  question?: string;
  children: ReactNode;
}

/** In the page: what did not work, or is about to be lost, and what can be done about it. */
export function Banner({ question, children }: BannerProps) {
  return <div className={styles.banner} role={question ? "alertdialog" : "alert"} aria-label={question}>{children}</div>;
}
