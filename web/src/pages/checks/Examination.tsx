import { FactList } from "../../parts/FactList";
import { CertificateFacts } from "./CertificateFacts";
import { latency, reasonWords, type Examined } from "./check";
import { VerdictWord } from "./CheckStateWord";
import styles from "./Examination.module.css";
import { PhaseBar } from "./PhaseBar";
import { format } from "../../charts/units";

/** All that one probe saw, and what it means. */
export function Examination({ found }: { found: Examined }) {
  const { verdict, reason, message, outcome, conditions } = found;
  const facts = Object.entries(outcome.facts);
  return (
    <section className={styles.found} aria-label="Found">
      <p className={styles.verdict}>
        <VerdictWord verdict={verdict} />
        {reason !== "ok" && <b>{reasonWords(reason)}</b>}
        <span className={styles.took}>{latency(outcome.latency_ms)}</span>
      </p>
      {message && <p className={styles.message}>{message}</p>}
      <PhaseBar phases={outcome.phases} total={outcome.latency_ms} />
      {conditions.length > 0 && (
        <ul className={styles.conditions} aria-label="Conditions that were tried">
          {conditions.map(({ text, holds, why }) => (
            <li key={text} data-fails={!holds || undefined}>
              <span aria-hidden="true">{holds ? "✓" : "✗"}</span> <code>{text}</code> <span>{holds ? "holds" : why || "does not hold"}</span>
            </li>
          ))}
        </ul>
      )}
      <FactList className={styles.facts}>
        {outcome.status !== null && <div><dt>Status</dt><dd>{outcome.status}</dd></div>}
        {outcome.address && <div><dt>Address</dt><dd>{outcome.address}</dd></div>}
        {outcome.version && <div><dt>Version</dt><dd>{outcome.version}</dd></div>}
        {outcome.redirects > 0 && <div><dt>Redirects</dt><dd>{outcome.redirects}{outcome.url && `, to ${outcome.url}`}</dd></div>}
        {outcome.size > 0 && <div><dt>Size</dt><dd>{format("bytes", outcome.size)}</dd></div>}
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{Array.isArray(value) ? value.join(", ") : String(value)}</dd></div>)}
      </FactList>
      {outcome.body && <Text title="Body">{outcome.body}</Text>}
      {outcome.headers.length > 0 && <Text title="Headers" closed>{outcome.headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</Text>}
      {outcome.certificate && (
        <details>
          <summary>Certificate</summary>
          <CertificateFacts certificate={outcome.certificate} />
        </details>
      )}
    </section>
  );
}

function Text({ title, closed = false, children }: { title: string; closed?: boolean; children: string }) {
  return (
    <details open={!closed || undefined}>
      <summary>{title}</summary>
      <pre className={styles.text} tabIndex={0} aria-label={title}>{children}</pre>
    </details>
  );
}
