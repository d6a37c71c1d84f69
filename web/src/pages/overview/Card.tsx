import type { ReactNode } from "react";
import { Link } from "../../parts/Link";
import { Panel } from "../../parts/Panel";
import styles from "./Card.module.css";

interface CardProps<T> {
  title: string;
  /** The page that has all of them. */
  to: string;
  /** What leads there: "All checks"; and, while there are none, what tells how a first one comes. */
  all: string;
  first: string;
  watched: readonly T[] | undefined;
  error: Error | null;
  children: (watched: readonly T[]) => ReactNode;
}

/** What is watched of one kind, at a glance. */
export function Card<T>({ title, to, all, first, watched, error, children }: CardProps<T>) {
  return (
    <Panel title={title} aside={<Link className={styles.more} to={to}>{all}</Link>}>
      <div className={styles.body}>
        {!watched ? error && <p className={styles.hint}>Not read yet.</p> : watched.length === 0 ? <p className={styles.hint}>None yet. <Link className={styles.more} to={to}>{first}</Link></p> : children(watched)}
      </div>
    </Panel>
  );
}
