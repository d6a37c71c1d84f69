import { useState } from "react";
import { CopyText } from "../../parts/CopyText";
import { Select } from "../../parts/Select";
import type { NamedCheck } from "../../uptime/useCheckNames";
import { badgePath, BADGES, snippetsOf, type BadgeKind, type StatusPage } from "./page";
import styles from "./PageEditor.module.css";

/** Badges of the page's checks, for readmes and sites. */
export function Badges({ page, checks }: { page: StatusPage; checks: readonly NamedCheck[] }) {
  const [id, setId] = useState("");
  const [kind, setKind] = useState<BadgeKind>("status");
  const check = checks.find((one) => String(one.id) === id) ?? checks[0];
  if (!check) return null;
  const isOpen = page.published && page.password === "";
  // Readers may not reach the address that one manages it by.
  const origin = page.domains[0] ? `https://${page.domains[0]}` : location.origin;
  const { markdown, html } = snippetsOf(origin, page.path, check, kind);
  return (
    <section className={styles.part}>
      <h2>Badges</h2>
      {!isOpen && <p className={styles.quiet}>Badges are there for checks of a page that is published and has no password.</p>}
      {isOpen && (
        <>
          <div className={styles.badgeTools}>
            <Select label="Check" value={String(check.id)} options={checks.map((one) => [String(one.id), page.names[one.name] || one.name])} onChange={setId} />
            <Select label="Badge" value={kind} options={BADGES} onChange={(value) => setKind(value as BadgeKind)} />
            <img src={badgePath(check.id, kind)} alt={`${check.name}, ${kind}`} />
          </div>
          <ul className={styles.snippets}>
            {[["Markdown", markdown], ["HTML", html], ["Address", `${origin}${badgePath(check.id, kind)}`]].map(([word = "", text = ""]) => (
              <li key={word}><span className={styles.quiet}>{word}</span><code tabIndex={0} role="textbox" aria-readonly="true" aria-label={word}>{text}</code><CopyText text={text} label={`Copy ${word}`} /></li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
