import styles from "./Placeholder.module.css";

/** The quiet shape of what is about to be here. */
export function Placeholder({ height }: { height: number }) {
  return <div className={styles.placeholder} style={{ height }} role="status" aria-label="Loading" />;
}
