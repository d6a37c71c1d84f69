import type { Labels } from "../api/responses";
import styles from "./LabelChips.module.css";

/** Labels as they are written in queries, short ones beside each other. */
export function LabelChips({ labels, without, label = "Labels" }: { labels: Labels; without?: ReadonlySet<string>; label?: string }) {
  const shown = Object.entries(labels).filter(([name]) => !without?.has(name));
  if (shown.length === 0) return null;
  return (
    <ul className={styles.labels} aria-label={label}>
      {shown.map(([name, value]) => <li key={name}><code>{name}={value}</code></li>)}
    </ul>
  );
}
