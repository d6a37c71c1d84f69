import type { ReactNode } from "react";
import { AlertIcon } from "../../parts/icons";
import styles from "./Warning.module.css";

/** What to mind about a rule that is written or tried. */
export function Warning({ children }: { children: ReactNode }) {
  return <p className={styles.warning}><AlertIcon />{children}</p>;
}
