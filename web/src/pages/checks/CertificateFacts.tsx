import { FactList } from "../../parts/FactList";
import { StateWord } from "../../parts/StateWord";
import { now } from "../../time/clock";
import { shortDuration } from "../../time/duration";
import { absoluteTime } from "../../time/words";
import { secondsOf, type Certificate } from "./check";
import styles from "./CertificateFacts.module.css";

/** What ends within so many seconds is said with a warning. */
export const SOON = 14 * 86_400;

/** When something ends, as a state: over, soon, or far off. */
export function EndsIn({ at }: { at: string }) {
  const left = secondsOf(at) - now();
  const tone = left <= 0 ? "critical" : left < SOON ? "warning" : "good";
  return (
    <span title={absoluteTime(secondsOf(at))}>
      <StateWord tone={tone}>{left <= 0 ? `Expired ${spell(-left)} ago` : `Ends in ${spell(left)}`}</StateWord>
    </span>
  );
}

/** Whole days, where there are any. */
const spell = (seconds: number): string => shortDuration(seconds > 86_400 ? Math.floor(seconds / 86_400) * 86_400 : Math.max(1, seconds));

/** What a server showed of itself. */
export function CertificateFacts({ certificate }: { certificate: Certificate }) {
  const { subject, issuer, names, expires_at, starts_at, version, cipher, fingerprint, chain } = certificate;
  return (
    <FactList className={styles.facts}>
      <div><dt>Ends</dt><dd><EndsIn at={expires_at} /> <span className={styles.quiet}>{absoluteTime(secondsOf(expires_at))}</span></dd></div>
      <div><dt>Valid from</dt><dd>{absoluteTime(secondsOf(starts_at))}</dd></div>
      <div><dt>Subject</dt><dd>{subject}</dd></div>
      <div><dt>Issuer</dt><dd>{issuer === subject ? `${issuer} (self-signed)` : issuer}</dd></div>
      <div><dt>Names</dt><dd>{names.join(", ") || "–"}</dd></div>
      {chain.length > 1 && <div><dt>Chain</dt><dd>{chain.join(" › ")}</dd></div>}
      <div><dt>Spoken</dt><dd>{[version, cipher].filter(Boolean).join(", ") || "–"}</dd></div>
      <div><dt>SHA-256</dt><dd><code>{fingerprint}</code></dd></div>
    </FactList>
  );
}
