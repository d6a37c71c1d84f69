import { useId, useMemo } from "react";
import { EMPTY_MATCHER } from "../../alerting/draft";
import { OPERATORS, type Matcher, type Operator } from "../../alerting/matchers";
import { useToldGroups } from "../../alerting/useAlerting";
import { useAlerts } from "../../series/useAlerts";
import type { Labels } from "../../api/responses";
import { CloseIcon } from "../../parts/icons";
import styles from "./MatchersEditor.module.css";

const WORDS: Record<Operator, string> = { "=": "is", "!=": "is not", "=~": "matches", "!~": "does not match" };
/** Of what is offered while one types. */
const MOST = 200;

/** A row for every matcher; names and values of alerts that there are now are offered. */
export function MatchersEditor({ matchers, onChange }: { matchers: readonly Matcher[]; onChange: (matchers: Matcher[]) => void }) {
  const id = useId();
  const rules = useAlerts().data;
  const told = useToldGroups().data;
  const known = useMemo<Labels[]>(() => [...(rules ?? []).map((one) => one.labels), ...(told ?? []).flatMap((group) => group.alerts.map((one) => one.labels))], [rules, told]);
  const names = useMemo(() => distinct(known.flatMap((labels) => Object.keys(labels))), [known]);
  const set = (at: number, part: Partial<Matcher>): void => onChange(matchers.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <div className={styles.matchers} role="group" aria-label="Matchers">
      <datalist id={`${id}-names`}>{names.map((one) => <option key={one} value={one} />)}</datalist>
      {matchers.map((matcher, at) => (
        <div key={at} className={styles.matcher}>
          <input className={styles.field} aria-label={`Label ${at + 1}`} placeholder="Label" list={`${id}-names`} value={matcher.name} spellCheck={false} onChange={(event) => set(at, { name: event.currentTarget.value })} />
          <select className={styles.field} aria-label={`Operator ${at + 1}`} value={matcher.op} onChange={(event) => set(at, { op: event.currentTarget.value as Operator })}>
            {OPERATORS.map((one) => <option key={one} value={one}>{one} {WORDS[one]}</option>)}
          </select>
          <Value id={`${id}-${at}`} {...{ matcher, at, known }} onChange={(value) => set(at, { value })} />
          <button type="button" className={styles.remove} aria-label={`Remove matcher ${at + 1}`} title="Remove" disabled={matchers.length === 1} onClick={() => onChange(matchers.filter((_, i) => i !== at))}><CloseIcon /></button>
        </div>
      ))}
      <button type="button" className={styles.add} onClick={() => onChange([...matchers, EMPTY_MATCHER])}>Add matcher</button>
    </div>
  );
}

function Value({ id, matcher, at, known, onChange }: { id: string; matcher: Matcher; at: number; known: readonly Labels[]; onChange: (value: string) => void }) {
  const values = useMemo(() => distinct(known.map((labels) => labels[matcher.name] ?? "").filter(Boolean)), [known, matcher.name]);
  return (
    <>
      <input className={styles.field} aria-label={`Value ${at + 1}`} placeholder={matcher.op.endsWith("~") ? "Regex of the whole value" : "Value"} list={id} value={matcher.value} spellCheck={false} onChange={(event) => onChange(event.currentTarget.value)} />
      <datalist id={id}>{values.map((one) => <option key={one} value={one} />)}</datalist>
    </>
  );
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)].sort().slice(0, MOST);
