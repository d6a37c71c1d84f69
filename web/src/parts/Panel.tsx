import { useId, type ReactNode } from "react";
import styles from "./Panel.module.css";

interface PanelProps {
  title: string;
  note?: string | undefined;
  aside?: ReactNode;
  /** Takes the whole row of its grid. */
  wide?: boolean;
  children: ReactNode;
}

/** The one kind of box on a page. */
export function Panel({ title, note, aside, wide, children }: PanelProps) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id} data-wide={wide || undefined}>
      <header className={styles.header}>
        <h2 id={id} className={styles.title}>{title}</h2>
        {note && <span className={styles.note}>{note}</span>}
        <span className={styles.aside}>{aside}</span>
      </header>
      {children}
    </section>
  );
}
