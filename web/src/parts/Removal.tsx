import { CloseIcon } from "./icons";
import styles from "./Removal.module.css";

/** Takes one of several away, beside it in a form. */
export function Removal({ label, onClick }: { label: string; onClick: () => void }) {
  return <button type="button" className={styles.removal} aria-label={label} title={label} onClick={onClick}><CloseIcon /></button>;
}
