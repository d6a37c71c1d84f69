import type { ReactNode } from "react";
import styles from "./Message.module.css";

interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  children: ReactNode;
  /** Under a page's own heading, rather than being the page. */
  within?: boolean;
}

/** Nothing here yet: says what would be here and what fills it. */
export function EmptyState({ icon, title, children, within = false }: EmptyStateProps) {
  const Heading = within ? "h2" : "h1";
  return (
    <div className={styles.message} data-within={within || undefined}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <Heading className={styles.title}>{title}</Heading>
      <div className={styles.text}>{children}</div>
    </div>
  );
}
