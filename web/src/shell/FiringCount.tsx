import { useAlerts } from "../series/useAlerts";
import styles from "./FiringCount.module.css";

/** How many alerts fire now; nothing when none does. */
export function FiringCount() {
  const { data } = useAlerts();
  const count = data?.filter((alert) => alert.state === "firing").length ?? 0;
  if (count === 0) return null;
  return (
    <span className={styles.count}>
      {count}
      <span className={styles.word}> firing</span>
    </span>
  );
}
