import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMemo, useRef, useState } from "react";
import { ApiFailure } from "../../api/failure";
import { Banner } from "../../parts/Banner";
import { Drawer } from "../../parts/Drawer";
import shared from "../../parts/Fields.module.css";
import { Unsaved } from "../../parts/Unsaved";
import type { Examined } from "./check";
import styles from "./CheckForm.module.css";
import { ConditionsEditor } from "./ConditionsEditor";
import { complaintAt, definitionOf, elsewhere, ofType, type Draft, type Value } from "./draft";
import { Examination } from "./Examination";
import { FieldControl, Labelled } from "./FieldControl";
import { isProbed, kindOf, KINDS, NOTICE, PLACE, TIMING, type Field } from "./kinds";
import { tryOut, useJudgement, useLocations, type FieldError } from "./store";

/** Typing has paused for so long before the server is asked. */
const PAUSE_MS = 400;
/** What is judged and tried before it has a name is called so. */
const UNNAMED = "unnamed";
/** What a new check lacks at first, which is no fault before somebody wants to save it. */
const AT_FIRST = ["url", "options.expr", "options.checks"];

/** Kinds that see nothing that conditions could look at. */
const BLIND: ReadonlySet<string> = new Set(["heartbeat", "composed"]);

interface CheckFormProps {
  id: number | null;
  /** The check whose secrets stand where masks are. */
  like: number | null;
  title: string;
  initial: Draft;
  /** What other checks are called. */
  names: readonly string[];
  onClose: () => void;
  onStore: (definition: unknown, insists: boolean) => Promise<void>;
}

/** All that a check says, judged as it is written, and tried before it is saved. */
export function CheckForm({ id, like, title, initial, names, onClose, onStore }: CheckFormProps) {
  const [draft, setDraft] = useState(initial);
  const [insists, setInsists] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Error | null>(null);
  const trial = useTrial(like);
  const definition = useMemo(() => definitionOf(draft), [draft]);
  const written = JSON.stringify(definition);
  const before = useMemo(() => JSON.stringify(definitionOf(initial)), [initial]);
  // The server would look no further than that a name is missing.
  const [settled] = useDebouncedValue(useMemo(() => JSON.stringify({ ...definition, name: definition.name ?? UNNAMED }), [definition]), PAUSE_MS);
  const judged = useJudgement(settled, like);
  const name = String(draft.own.name ?? "").trim();
  const errors = useMemo(() => {
    const said = judged.data?.errors ?? [];
    const shown = insists ? said : said.filter(({ field }) => !AT_FIRST.includes(field) || given(draft, field));
    if (name === "") return insists ? [...shown, { code: "field_invalid", field: "name", error: "name: is missing" }] : shown;
    const isTaken = names.includes(name) && name !== String(initial.own.name ?? "");
    return isTaken ? [...shown, { code: "conflict", field: "name", error: "name: a check of this name is there already" }] : shown;
  }, [judged.data, insists, draft, names, name, initial]);
  const kind = kindOf(draft.type);
  const conditions = (draft.own.conditions ?? []) as string[];
  const own = (field: string, value: Value): void => setDraft((old) => ({ ...old, own: { ...old.own, [field]: value } }));
  const option = (field: string, value: Value): void => setDraft((old) => ({ ...old, options: { ...old.options, [field]: value } }));
  const saving = useRef(false);
  const submit = async (over = false): Promise<void> => {
    setInsists(true);
    if (saving.current) return;
    saving.current = true;
    setBusy(true);
    setRefusal(null);
    try {
      await onStore(definition, over);
    } catch (reason) {
      setRefusal(reason instanceof Error ? reason : new Error(String(reason)));
      saving.current = false;
      setBusy(false);
    }
  };
  const known = useLocations().data?.map((one) => one.name) ?? [];
  const place = known.length === 0 ? PLACE : PLACE.map((field) => (field.name === "locations" ? { ...field, hint: `${field.hint}; there are ${known.join(", ")}` } : field));
  const others = elsewhere(errors, draft);
  const ownFields = { values: draft.own, errors, prefix: "", onChange: own };
  const optionFields = { values: draft.options, errors, prefix: "options.", onChange: option };
  return (
    <Drawer label={title} onClose={onClose} head={<h2 className={styles.title}>{title}</h2>}>
      <form ref={id === null ? beginAtName : undefined} className={styles.form} noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }} onKeyDown={(event) => { if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); void submit(); } }}>
        <fieldset className={shared.group}>
          <legend>What is checked</legend>
          <div className={styles.fields}>
            <Labelled label="Type" hint={kind.about} error={complaintAt(errors, "type")}>
              {(control, described) => (
                <select id={control} {...described} value={draft.type} onChange={(event) => { trial.forget(); setDraft(ofType(draft, event.currentTarget.value)); }}>
                  {KINDS.map((one) => <option key={one.type} value={one.type}>{one.word}</option>)}
                </select>
              )}
            </Labelled>
            <FieldControl field={{ name: "name", label: "Name", shape: "text", hint: "what other checks, windows and pages call it by" }} value={draft.own.name} error={complaintAt(errors, "name")} onChange={(value) => own("name", value)} />
          </div>
          {kind.url && <FieldControl field={{ name: "url", shape: "text", ...kind.url }} value={draft.own.url} error={complaintAt(errors, "url")} onChange={(value) => own("url", value)} />}
          <Fields fields={kind.fields.filter((field) => !field.rare)} {...optionFields} />
          <Folded title="More about how it is asked" fields={kind.fields.filter((field) => field.rare)} {...optionFields} />
        </fieldset>
        {(!BLIND.has(draft.type) || conditions.length > 0) && (
          <fieldset className={shared.group}>
            <legend>What must hold</legend>
            <ConditionsEditor conditions={conditions} errors={errors} found={trial.found?.conditions ?? []} onChange={(next) => own("conditions", next)} />
            {BLIND.has(draft.type) && complaintAt(errors, "conditions") && <p className={shared.error}>{complaintAt(errors, "conditions")}</p>}
          </fieldset>
        )}
        {(trial.found || trial.failure) && (
          <section className={shared.group} aria-label="What a probe finds" ref={trial.place}>
            <div className={styles.trial}>
              <h3>What a probe finds</h3>
              <span className={shared.hint}>{trial.found && trial.of !== written ? "Of what was written before; try it again." : "One probe from here, as it is written; nothing is stored."}</span>
            </div>
            {trial.failure && <p className={shared.error} role="alert">{trial.failure.message}</p>}
            {trial.found && <div aria-live="polite"><Examination found={trial.found} /></div>}
          </section>
        )}
        <fieldset className={shared.group}>
          <legend>How often, and when it counts</legend>
          <Fields fields={isProbed(draft.type) || draft.type === "promql" ? TIMING : TIMING.filter(({ name: field }) => field === "failures" || field === "successes" || (field === "interval" && draft.type === "composed"))} {...ownFields} />
        </fieldset>
        <fieldset className={shared.group}>
          <legend>Who is told</legend>
          <Fields fields={NOTICE} {...ownFields} />
        </fieldset>
        <fieldset className={shared.group}>
          <legend>Where it belongs</legend>
          <Fields fields={place.filter(({ name: field }) => isProbed(draft.type) || !["locations", "quorum", "trace"].includes(field))} {...ownFields} />
        </fieldset>
        <div className={styles.footer}>
          {judged.error && settled !== "" && <p className={shared.error}>It cannot be judged now: {judged.error.message}</p>}
          {others.map((one) => <p key={one.error} className={shared.error} role="alert">{one.error}</p>)}
          {refusal && <Refused refusal={refusal} isNew={id === null} onOverwrite={() => void submit(true)} />}
          {insists && errors.length > 0 && !refusal && <p className={shared.error}>Something above is still to be put right.</p>}
          <div className={styles.actions}>
            <Button type="submit" loading={busy} disabled={id !== null && written === before} title="Ctrl+S">{id === null ? "Create" : "Save"}</Button>
            {draft.type !== "heartbeat" && <Button variant="default" loading={trial.busy} onClick={() => void trial.run(definition)}>Try it now</Button>}
            <Button variant="subtle" color="gray" onClick={onClose}>Cancel</Button>
          </div>
        </div>
        <Unsaved changed={written !== before} part="edit" />
      </form>
    </Drawer>
  );
}

/** A new check is begun by writing its name: the dialog gives the focus to what asks for it by this attribute. */
function beginAtName(form: HTMLFormElement | null): void {
  form?.querySelector("input")?.setAttribute("autofocus", "");
}

/** Whether anything is written where the server complains. */
function given(draft: Draft, field: string): boolean {
  const [first = "", second] = field.split(".");
  const value = first === "options" ? draft.options[second ?? ""] : draft.own[first];
  return typeof value === "string" ? value.trim() !== "" : Array.isArray(value) && value.some((one) => typeof one === "string" && one.trim() !== "");
}

interface FieldsProps {
  fields: readonly Field[];
  values: Draft["own"];
  errors: readonly FieldError[];
  prefix: string;
  onChange: (field: string, value: Value) => void;
}

function Fields({ fields, values, errors, prefix, onChange }: FieldsProps) {
  if (fields.length === 0) return null;
  return (
    <div className={styles.fields}>
      {fields.map((field) => <FieldControl key={field.name} field={field} value={values[field.name]} error={complaintAt(errors, `${prefix}${field.name}`)} onChange={(value) => onChange(field.name, value)} />)}
    </div>
  );
}

/** What few checks say; open where something is wrong there. */
function Folded({ title, ...rest }: FieldsProps & { title: string }) {
  if (rest.fields.length === 0) return null;
  const isWrong = rest.fields.some((field) => complaintAt(rest.errors, `${rest.prefix}${field.name}`) !== null);
  return (
    <details className={shared.more} open={isWrong || undefined}>
      <summary>{title}</summary>
      <Fields {...rest} />
    </details>
  );
}

/** Why it was not saved; over somebody else's change one may save all the same. */
function Refused({ refusal, isNew, onOverwrite }: { refusal: Error; isNew: boolean; onOverwrite: () => void }) {
  const code = refusal instanceof ApiFailure ? refusal.code : "";
  const isChanged = !isNew && code === "conflict" && refusal.message.includes("version");
  return (
    <Banner>
      <p>{refusal.message} {code && <code>{code}</code>}</p>
      {isChanged && <Button size="xs" variant="outline" color="red" onClick={onOverwrite}>Save mine over theirs</Button>}
    </Banner>
  );
}

interface Trial {
  found: Examined | null;
  /** The definition that it was of. */
  of: string;
  busy: boolean;
  failure: Error | null;
  place: (element: HTMLElement | null) => void;
  run: (definition: unknown) => Promise<void>;
  forget: () => void;
}

/** One probe of what is written. */
function useTrial(like: number | null): Trial {
  const [state, setState] = useState<Pick<Trial, "found" | "of" | "busy" | "failure">>({ found: null, of: "", busy: false, failure: null });
  const box = useRef<HTMLElement | null>(null);
  const run = async (definition: unknown): Promise<void> => {
    setState((old) => ({ ...old, busy: true, failure: null }));
    const { name, ...rest } = definition as { name?: string };
    try {
      const found = await tryOut({ ...rest, name: name || UNNAMED }, like);
      setState({ found, of: JSON.stringify(definition), busy: false, failure: null });
    } catch (reason) {
      setState({ found: null, of: "", busy: false, failure: reason instanceof Error ? reason : new Error(String(reason)) });
    }
    requestAnimationFrame(() => box.current?.scrollIntoView({ block: "nearest", behavior: "smooth" }));
  };
  return { ...state, place: (element) => { box.current = element; }, run, forget: () => setState({ found: null, of: "", busy: false, failure: null }) };
}
