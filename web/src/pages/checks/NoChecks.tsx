import { useState } from "react";
import { Copy } from "../../parts/Copy";
import { EmptyState } from "../../parts/EmptyState";
import { PulseIcon } from "../../parts/icons";
import { LinkButton } from "../../parts/LinkButton";
import styles from "./NoChecks.module.css";

const LINES = `sightline checks import --format kuma backup.json
sightline checks import --format gatus config.yaml
sightline checks import --format blackbox blackbox.yml --targets targets.yml
`;

/** The first check, or those that another program has already. */
export function NoChecks() {
  const [copied, setCopied] = useState(false);
  return (
    <EmptyState icon={<PulseIcon />} title="Nothing is checked yet">
      <p>A check asks from outside whether something works: a web page, a port, a certificate, a name, a job that must report. You see when it was not, and why.</p>
      <p className={styles.first}><LinkButton main to="/checks" find={{ edit: "+" }}>Make the first check</LinkButton></p>
      <p>Or take those of Uptime Kuma, Gatus or blackbox_exporter along; with <code>--dry-run</code> only what would come of it is shown.</p>
      <pre className={styles.lines} tabIndex={0} aria-label="Commands that import checks">{LINES}</pre>
      <p><Copy text={LINES} copied={copied} onCopied={setCopied} /></p>
    </EmptyState>
  );
}
