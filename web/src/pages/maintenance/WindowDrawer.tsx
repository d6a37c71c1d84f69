import { Button, Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { Banner } from "../../parts/Banner";
import { Drawer } from "../../parts/Drawer";
import { EmptyState } from "../../parts/EmptyState";
import fields from "../../parts/Fields.module.css";
import { Problem } from "../../parts/Problem";
import { Unsaved } from "../../parts/Unsaved";
import { useNow } from "../../parts/useNow";
import { useWork } from "../../parts/useWork";
import { now } from "../../time/clock";
import { absoluteTime } from "../../time/words";
import { EVERYTHING, formOf, newWindowForm, problemsOf, windowOf, type MaintenanceWindow, type WindowForm } from "../../uptime/window";
import { create, remove, save } from "../../uptime/windowStore";
import { Ahead } from "./Ahead";
import { ScopeFields } from "./ScopeFields";
import { TimeFields } from "./TimeFields";
import styles from "./WindowDrawer.module.css";

interface WindowDrawerProps {
  /** Nothing where it is a new one, or one that is not there any more. */
  window: MaintenanceWindow | undefined;
  isNew: boolean;
  onClose: () => void;
  /** It is saved, or gone. */
  onDone: () => void;
}

const USUAL_S = 2 * 3600;
const minutes = (time: number): string => absoluteTime(time).slice(0, 16);

/** The editor of a window. */
export function WindowDrawer({ window, isNew, onClose, onDone }: WindowDrawerProps) {
  // What is there when it opens: what others do meanwhile is a conflict that the server tells of.
  const [base] = useState(window);
  const title = isNew ? "Plan maintenance" : (base?.name ?? "Maintenance");
  return (
    <Drawer label={title} onClose={onClose} head={<h2 className={styles.title}>{title}</h2>}>
      {isNew || base ? <Fields {...{ base, onClose, onDone }} /> : (
        <EmptyState title="This window is not there any more" within><p>Somebody deleted it, or the address is of another server.</p></EmptyState>
      )}
    </Drawer>
  );
}

function Fields({ base, onClose, onDone }: Pick<WindowDrawerProps, "onClose" | "onDone"> & { base: MaintenanceWindow | undefined }) {
  const work = useWork("windows");
  const minute = Math.floor(useNow(10_000) / 60) * 60;
  const [initial] = useState<WindowForm>(() => (base ? formOf(base, minutes) : newWindowForm(Intl.DateTimeFormat().resolvedOptions().timeZone, "", minutes(now() + USUAL_S))));
  const [form, setForm] = useState(initial);
  const [tried, setTried] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // A dialog puts the focus on what closes it.
    if (!base) name.current?.focus();
  }, [base]);
  const problems = problemsOf(form);
  const hasProblem = Object.keys(problems).length > 0;
  const set = (part: Partial<WindowForm>): void => {
    setForm((last) => ({ ...last, ...part }));
    work.forget();
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (hasProblem) return;
    const said = windowOf(form, now());
    if (await work.attempt(() => (base ? save(base.id, said, base.version) : create(said)))) onDone();
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <TextInput ref={name} label="Name" placeholder="Move of the database" value={form.name} maxLength={200} error={tried && problems.name} onChange={(event) => set({ name: event.currentTarget.value })} />
      <TimeFields {...{ form, problems, tried, set }} />
      <Ahead window={isTimeKnown(problems) ? windowOf({ ...form, name: form.name.trim() || "preview", scope: EVERYTHING }, minute) : null} />
      <ScopeFields scope={form.scope} problem={tried ? problems.scope : undefined} onChange={(scope) => set({ scope })} />
      <section className={styles.part}>
        <h3>What readers are told</h3>
        <Textarea label="Description" placeholder="What is done, and what does not work meanwhile" autosize minRows={2} maxRows={10} value={form.description} onChange={(event) => set({ description: event.currentTarget.value })} />
        <label className={fields.checkbox}><input type="checkbox" checked={form.public} onChange={(event) => set({ public: event.currentTarget.checked })} /> Announce it on status pages</label>
        {(base || !form.enabled) && <label className={fields.checkbox}><input type="checkbox" checked={form.enabled} onChange={(event) => set({ enabled: event.currentTarget.checked })} /> Switched on; off, it is kept and does nothing</label>}
      </section>
      <Problem problem={work.problem} />
      {tried && hasProblem && <p className={styles.problem}>Something above is still to be put right.</p>}
      <div className={styles.actions}>
        <Button type="submit" loading={work.busy}>{base ? "Save" : "Plan it"}</Button>
        <Button variant="default" onClick={onClose}>Cancel</Button>
        {base && <Delete window={base} onGone={onDone} />}
      </div>
      <Unsaved changed={JSON.stringify(form) !== JSON.stringify(initial)} />
    </form>
  );
}

/** Whether when it is can be said, whatever else is missing. */
const isTimeKnown = (problems: Partial<Record<keyof WindowForm, string>>): boolean => Object.keys(problems).every((one) => one === "name" || one === "scope");

/** Gone for good: it asks by name. */
function Delete({ window, onGone }: { window: MaintenanceWindow; onGone: () => void }) {
  const work = useWork("windows");
  const [asks, setAsks] = useState(false);
  if (!asks) return <Button className={styles.delete} variant="subtle" color="red" onClick={() => setAsks(true)}>Delete…</Button>;
  return (
    <div className={styles.asks}>
      <Banner question="Delete maintenance window">
        <p>Delete “{window.name}”? {window.active ? "What it covers is in maintenance no more, at once." : "It does not come back; switched off it would be kept."}</p>
        <Button color="red" variant="outline" size="xs" loading={work.busy} onClick={() => void work.attempt(() => remove(window.id)).then((gone) => gone && onGone())}>Delete {window.name}</Button>
        <Button variant="default" size="xs" autoFocus onClick={() => setAsks(false)}>Keep it</Button>
      </Banner>
      <Problem problem={work.problem} />
    </div>
  );
}
