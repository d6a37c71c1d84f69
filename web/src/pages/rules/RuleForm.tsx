import { TextInput } from "@mantine/core";
import { useId, type ReactNode } from "react";
import { QueryEditor } from "../../promql/QueryEditor";
import { readComplaint } from "../../promql/place";
import { COMPARISON_WORDS, COMPARISONS, type Comparison } from "./comparison";
import { PairsEditor } from "./PairsEditor";
import { Preview } from "./Preview";
import { inOtherForm, placed, SEVERITIES, type Draft, type Gaps, type Judgement, type Place, type Severity, type Treatment } from "./rule";
import fields from "../../parts/Fields.module.css";
import styles from "./RuleForm.module.css";
import { Warning } from "./Warning";

const SEVERITY_WORDS: Record<Severity, string> = { critical: "Critical", warning: "Warning", info: "Info" };
const TREATMENTS: ReadonlyArray<readonly [Treatment, string]> = [
  ["ok", "is no trouble: alerts end"],
  ["keep", "changes nothing: alerts stay as they are"],
  ["alert", "is trouble: the rule fires"],
  ["unknown", "is unknown: alerts say so"],
];

interface RuleFormProps {
  draft: Draft;
  isNew: boolean;
  /** What is missing, shown where it is once somebody tried to save. */
  gaps: Gaps;
  insists: boolean;
  judgement: Judgement | null;
  unjudged: Error | null;
  onChange: (part: Partial<Draft>) => void;
}

/** All that a rule says, with what the server has against it where it belongs. */
export function RuleForm({ draft, isNew, gaps, insists, judgement, unjudged, onChange }: RuleFormProps) {
  const errors = judgement?.errors.map(placed) ?? [];
  const saidOf = (place: Place): string | null => errors.find((error) => error.place === place)?.message ?? null;
  const condition = saidOf("condition");
  const other = inOtherForm(draft);
  const switchTo = (simple: boolean): void => {
    if (simple !== draft.simple && other) onChange(other);
  };
  return (
    <div className={styles.form}>
      {isNew && (
        <TextInput
          label="Name"
          description="What its alerts are called, such as DiskNearlyFull"
          value={draft.name}
          error={saidOf("name") ?? (insists || gaps.name?.includes("already") ? gaps.name : null)}
          autoFocus
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
      )}
      <fieldset className={fields.group}>
        <legend>Condition</legend>
        <div className={styles.forms} role="group" aria-label="Form of the condition">
          <button type="button" aria-pressed={draft.simple} disabled={!draft.simple && !other} title={!draft.simple && !other ? "This expression is more than a query compared with a number" : undefined} onClick={() => switchTo(true)}>Simple</button>
          <button type="button" aria-pressed={!draft.simple} onClick={() => switchTo(false)}>Expression</button>
        </div>
        {draft.simple ? (
          <>
            <QueryEditor value={draft.query} label="Query" placeholder="What is watched, such as node_load1" onChange={(query) => onChange({ query })} onRun={() => undefined} />
            <div className={styles.bound}>
              <Field label="fires when it is">
                {(id) => (
                  <select id={id} value={draft.comparison} onChange={(event) => onChange({ comparison: event.currentTarget.value as Comparison })}>
                    {COMPARISONS.map((one) => <option key={one} value={one}>{COMPARISON_WORDS[one]} ({one})</option>)}
                  </select>
                )}
              </Field>
              <Field label="Threshold" error={(insists || draft.value !== "") ? gaps.value : null}>
                {(id) => <input id={id} inputMode="decimal" autoComplete="off" placeholder="90" value={draft.value} onChange={(event) => onChange({ value: event.currentTarget.value })} />}
              </Field>
            </div>
          </>
        ) : (
          <QueryEditor value={draft.expr} label="Expression" placeholder="When it fires, such as node_load1 > 4" onChange={(expr) => onChange({ expr })} onRun={() => undefined} />
        )}
        {condition && <p className={fields.error} role="alert">{sayPlace(condition)}</p>}
        {!condition && insists && gaps.condition && <p className={fields.error}>{gaps.condition}</p>}
        {judgement?.warnings.map((warning) => <Warning key={warning}>{warning}</Warning>)}
        {judgement && judgement.matches !== null && judgement.warnings.length === 0 && !condition && <p className={fields.hint} role="status">{sayMatches(judgement.matches)}</p>}
        {unjudged && <Warning>It cannot be judged now: {unjudged.message}</Warning>}
        <div className={styles.fields}>
          <Field label="Holds for" hint="before it fires, such as 5m or 90s; 0 is at once" error={saidOf("hold")}>
            {(id) => <input id={id} autoComplete="off" spellCheck={false} value={draft.hold} onChange={(event) => onChange({ hold: event.currentTarget.value })} />}
          </Field>
          <Field label="Severity" hint="becomes the label severity">
            {(id) => (
              <select id={id} value={draft.severity} onChange={(event) => onChange({ severity: event.currentTarget.value as Severity })}>
                {SEVERITIES.map((one) => <option key={one} value={one}>{SEVERITY_WORDS[one]}</option>)}
              </select>
            )}
          </Field>
        </div>
        {!draft.simple && (
          <details className={fields.more} open={draft.data !== "" || undefined}>
            <summary>What tells that there are data</summary>
            <p className={fields.hint}>A query that has an element as long as there is anything to judge, usually the expression without its comparison. Without one, nobody can tell the end of the trouble from the end of the data.</p>
            <QueryEditor value={draft.data} label="Data" placeholder="node_load1" onChange={(data) => onChange({ data })} onRun={() => undefined} />
            {saidOf("data") && <p className={fields.error} role="alert">{sayPlace(saidOf("data") as string)}</p>}
          </details>
        )}
      </fieldset>
      <PairsEditor title="Annotations" word="annotation" hint="What people read. summary is the line that notifications show; {{ $labels.instance }} and {{ $value }} are filled in." pairs={draft.annotations} error={saidOf("annotations") ?? gaps.annotations ?? null} onChange={(annotations) => onChange({ annotations })} />
      {judgement?.example && <Preview example={judgement.example} />}
      <PairsEditor title="Labels" word="label" hint="Added to those of the series; they decide who is told." pairs={draft.labels} error={saidOf("labels") ?? gaps.labels ?? null} onChange={(labels) => onChange({ labels })} />
      <fieldset className={fields.group}>
        <legend>Without an answer</legend>
        <div className={styles.longFields}>
          <Field label="That there are no data">
            {(id) => <TreatmentSelect id={id} value={draft.noData} onChange={(noData) => onChange({ noData })} />}
          </Field>
          <Field label="That the query fails">
            {(id) => <TreatmentSelect id={id} value={draft.queryFailed} onChange={(queryFailed) => onChange({ queryFailed })} />}
          </Field>
        </div>
      </fieldset>
      {saidOf("rule") && <p className={fields.error} role="alert">{saidOf("rule")}</p>}
    </div>
  );
}

/** The place at the end, for the editor underlines it. */
function sayPlace(text: string): string {
  const { message, line, column } = readComplaint(text);
  return line === null ? message : `${message} (line ${line}, column ${column})`;
}

function sayMatches(matches: number): string {
  if (matches === 0) return "The condition does not hold now.";
  return matches === 1 ? "The condition holds for 1 element now." : `The condition holds for ${matches.toLocaleString("en")} elements now.`;
}

function TreatmentSelect({ id, value, onChange }: { id: string; value: Treatment; onChange: (value: Treatment) => void }) {
  return (
    <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value as Treatment)}>
      {TREATMENTS.map(([one, words]) => <option key={one} value={one}>{words}</option>)}
    </select>
  );
}

function Field({ label, hint, error, children }: { label: string; hint?: string; error?: string | null | undefined; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className={`${fields.field} ${styles.field}`}>
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {error ? <p className={fields.error}>{error}</p> : hint && <p className={fields.hint}>{hint}</p>}
    </div>
  );
}
