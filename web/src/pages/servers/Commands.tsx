import { useState } from "react";
import { Copy } from "../../parts/Copy";
import styles from "./Commands.module.css";

/** What to type, and a button that copies it. */
export function Commands({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <>
      <pre className={styles.commands} tabIndex={0} aria-label={label}>{text}</pre>
      <Copy text={text} copied={copied} onCopied={setCopied} />
    </>
  );
}

/** The call that reports one metric. origin: the address that this page came from; id: the server's, as a shell writes it. */
export const reportCommand = (origin: string, id: string): string => `curl -s ${origin}/api/v1/ingest \\
  -H 'Content-Type: application/json' \\
  -d '{"server_id": "${id}", "metrics": [
        {"metric_type": "cpu", "metric_name": "usage_percent", "value": 42}]}'
`;
