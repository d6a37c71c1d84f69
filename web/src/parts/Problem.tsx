import { ApiFailure } from "../api/failure";
import styles from "./Problem.module.css";

/** Why something was not done, in the server's words, with the stable code. */
export function Problem({ problem }: { problem: Error | null }) {
  if (!problem) return null;
  return <p className={styles.problem} role="alert">{problem.message} {problem instanceof ApiFailure && <code>{problem.code}</code>}</p>;
}
