import { useState } from "react";
import { useConfiguration } from "../../alerting/useAlerting";
import { Copy } from "../../parts/Copy";
import styles from "./ReceiversPage.module.css";

/** The configuration in use, to read: it is changed in its file, or in the settings where there is none. */
export function Configuration() {
  const { data, error } = useConfiguration();
  const [copied, setCopied] = useState(false);
  return (
    <section className={styles.configuration}>
      <div className={styles.above}>
        <h2 className={styles.name}>Configuration</h2>
        {data !== undefined && <Copy text={data} copied={copied} onCopied={setCopied} />}
      </div>
      <p className={styles.quiet}>To read, with secrets left out. It is changed in the file of <code>--alertmanager-config</code>, or in the settings where there is none.</p>
      {error && data === undefined && <p className={styles.quiet}>It cannot be read: {error.message}</p>}
      {data !== undefined && <pre className={styles.text} tabIndex={0} aria-label="Configuration">{data}</pre>}
    </section>
  );
}
