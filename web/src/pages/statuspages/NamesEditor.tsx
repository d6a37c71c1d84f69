import { TextInput } from "@mantine/core";
import type { NamedCheck } from "../../uptime/useCheckNames";
import styles from "./PageEditor.module.css";

const MOST = 100;

/** What checks are called on the page, where their own names say nothing to readers. */
export function NamesEditor({ names, checks, onChange }: { names: Readonly<Record<string, string>>; checks: readonly NamedCheck[]; onChange: (names: Record<string, string>) => void }) {
  if (checks.length === 0) return null;
  const set = (name: string, text: string): void => {
    const { [name]: _, ...others } = names;
    onChange(text === "" ? others : { ...others, [name]: text });
  };
  const given = Object.keys(names).length;
  return (
    <details className={styles.details} open={given > 0 || undefined}>
      <summary>Names for readers {given > 0 && <span className={styles.quiet}>{given.toLocaleString("en-GB")} given</span>}</summary>
      <div className={styles.names}>
        {checks.slice(0, MOST).map((one) => <TextInput key={one.id} label={one.name} placeholder={one.name} value={names[one.name] ?? ""} onChange={(event) => set(one.name, event.currentTarget.value)} />)}
      </div>
      {checks.length > MOST && <p className={styles.quiet}>The first {MOST} of {checks.length.toLocaleString("en-GB")}; the others are named by the API, or as code.</p>}
    </details>
  );
}
