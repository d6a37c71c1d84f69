import fields from "../../parts/Fields.module.css";
import { Removal } from "../../parts/Removal";
import type { Examined } from "./check";
import styles from "./ConditionsEditor.module.css";
import { complaintAt } from "./draft";
import { Addition } from "./FieldControl";
import own from "./Fields.module.css";
import type { FieldError } from "./store";

const HELP: ReadonlyArray<readonly [string, string]> = [
  ["status in (200, 204)", "the status code"],
  ["latency < 500ms", "the whole probe; phase.tls and others for parts"],
  ['body contains "ok"', "or not contains, matches"],
  ['json("$.status") == "up"', "a value in an answer of JSON"],
  ['header("content-type") contains "json"', "has(header(\"etag\")) asks whether it is there"],
  ["certificate.expires_in > 14d", "until it ends"],
  ["degraded: latency < 200ms", "degraded where it does not hold, instead of down"],
  ['status == 200 and (latency < 1s or redirects > 0)', "and, or, not and parentheses"],
];

interface ConditionsEditorProps {
  conditions: readonly string[];
  errors: readonly FieldError[];
  /** What the last trial found of them. */
  found: Examined["conditions"];
  onChange: (conditions: string[]) => void;
}

/** What must hold of every answer: a line each, with what is wrong with it, or why it did not hold just now. */
export function ConditionsEditor({ conditions, errors, found, onChange }: ConditionsEditorProps) {
  const set = (at: number, text: string): void => onChange(conditions.map((one, i) => (i === at ? text : one)));
  return (
    <div className={`${fields.field} ${own.field}`} data-wide role="group" aria-label="Conditions">
      {conditions.map((text, at) => {
        const error = text.trim() ? complaintAt(errors, `conditions[${conditions.slice(0, at).filter((one) => one.trim()).length}]`) : null;
        const tried = error ? undefined : found.find((one) => one.text === text.trim());
        return (
          <div key={at} className={styles.condition}>
            <input aria-label={`Condition ${at + 1}`} aria-invalid={error ? true : undefined} className={styles.text} placeholder="latency < 500ms" spellCheck={false} autoComplete="off" value={text} onChange={(event) => set(at, event.currentTarget.value)} />
            <Removal label={`Remove condition ${at + 1}`} onClick={() => onChange(conditions.filter((_, i) => i !== at))} />
            {error && <p className={fields.error}>{error}</p>}
            {tried && !tried.holds && <p className={fields.error}>Does not hold: {tried.why}</p>}
            {tried?.holds && <p className={styles.holds}>Holds</p>}
          </div>
        );
      })}
      <Addition word="condition" onClick={() => onChange([...conditions, ""])} />
      <details className={styles.help}>
        <summary>What can be said</summary>
        <ul>
          {HELP.map(([text, words]) => (
            <li key={text}>
              <button type="button" title="Add it" onClick={() => onChange([...conditions.filter((one) => one.trim()), text])}><code>{text}</code></button>
              <span>{words}</span>
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}
