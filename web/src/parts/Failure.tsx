import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { advice, ApiFailure } from "../api/failure";
import { AlertIcon } from "./icons";
import styles from "./Message.module.css";

/** What happened, what it means and what to do, with the stable code. */
export function Failure({ failure, compact = false }: { failure: unknown; compact?: boolean }) {
  const client = useQueryClient();
  const message = failure instanceof Error ? failure.message : String(failure);
  const Heading = compact ? "p" : "h1";
  return (
    <div className={styles.message} role="alert" data-compact={compact || undefined}>
      <AlertIcon className={styles.failureIcon} />
      <Heading className={styles.title}>{message}</Heading>
      <p className={styles.text}>{advice(failure)}</p>
      <p className={styles.actions}>
        <Button size="xs" variant="default" onClick={() => void client.invalidateQueries()}>Try again</Button>
        {failure instanceof ApiFailure && <code className={styles.code}>{failure.code}</code>}
      </p>
    </div>
  );
}
