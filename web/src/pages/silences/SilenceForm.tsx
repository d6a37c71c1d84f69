import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { draftOf, EMPTY_MATCHER, formOf, problemsOf, type Form } from "../../alerting/draft";
import { parseWanted } from "../../alerting/matchers";
import { newWindow } from "../../alerting/recurrence";
import { endings } from "../../alerting/until";
import { useSilences } from "../../alerting/useAlerting";
import { putSilence, type Silence } from "../../api/alerting";
import { ApiFailure } from "../../api/failure";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { SilenceIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { Unsaved } from "../../parts/Unsaved";
import { useLate } from "../../parts/useLate";
import { useNow } from "../../parts/useNow";
import { useAddress, visit } from "../../shell/address";
import { now } from "../../time/clock";
import { absoluteTime, parseAbsolute } from "../../time/words";
import { Held } from "./Held";
import { MatchersEditor } from "./MatchersEditor";
import styles from "./SilenceForm.module.css";
import { Windows } from "./Windows";

const AUTHOR = "sightline.author";
const AT_FIRST = 2 * 3600;

const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The form of a silence that is there, or of a new one with what the address asks for. */
export function SilenceForm({ id }: { id: string | null }) {
  const { search } = useAddress();
  const silences = useSilences();
  const late = useLate(silences.isPending);
  if (id === null) return <Fields id={null} before={newForm(search)} />;
  const found = silences.data?.find((one) => one.id === id);
  if (found) return <Fields key={id} id={id} before={formOf(found, absoluteTime)} silence={found} />;
  if (silences.data) {
    return (
      <EmptyState icon={<SilenceIcon />} title="This silence is not there any more">
        <p>Those that ended are kept for five days. <Link to="/silences">See all silences</Link></p>
      </EmptyState>
    );
  }
  return silences.error ? <Failure failure={silences.error} /> : late ? <Placeholder height={320} /> : null;
}

function newForm(search: URLSearchParams): Form {
  const { matchers } = parseWanted(search.get("match") ?? "");
  return {
    matchers: matchers.length > 0 ? matchers : [{ ...EMPTY_MATCHER, name: "alertname" }],
    from: "",
    until: absoluteTime(now() + AT_FIRST),
    author: localStorage.getItem(AUTHOR) ?? "",
    comment: search.get("comment") ?? "",
    windows: [],
  };
}

function Fields({ id, before, silence }: { id: string | null; before: Form; silence?: Silence }) {
  const client = useQueryClient();
  const moment = useNow(30_000);
  const [form, setForm] = useState(before);
  const [opened] = useState(form);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<ApiFailure | Error | null>(null);
  const problems = problemsOf(form, moment);
  const hasProblem = Object.keys(problems).length > 0;
  const set = (part: Partial<Form>): void => {
    setForm((last) => ({ ...last, ...part }));
    setRefusal(null);
  };
  /** What is not filled in yet is no fault until one wants to save. */
  const shown = (name: keyof Form): string | undefined => (tried || (form[name].length > 0 && (name === "from" || name === "until")) ? problems[name] : undefined);
  const start = parseAbsolute(form.from) ?? moment;
  const hasBegun = silence !== undefined && Date.parse(silence.startsAt) / 1000 <= moment;

  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (hasProblem) return;
    setBusy(true);
    try {
      // A start that is over stays as it was, to the millisecond, or it would be another silence.
      const draft = draftOf(form, now(), id);
      await putSilence(hasBegun && form.from === before.from ? { ...draft, startsAt: silence.startsAt } : draft);
      localStorage.setItem(AUTHOR, form.author.trim());
      await client.invalidateQueries({ queryKey: ["alerts"] });
      visit("/silences", form.from.trim() !== "" && start > moment ? { state: "pending" } : {}, { sure: true });
    } catch (failure) {
      setRefusal(failure instanceof Error ? failure : new Error(String(failure)));
      setBusy(false);
    }
  };

  return (
    <form className={styles.form} onSubmit={(event) => void save(event)} noValidate>
      <h1>{id === null ? "New silence" : "Edit silence"}</h1>
      {silence?.status.state === "expired" && <p className={styles.quiet}>This silence has ended. What is saved is a new one.</p>}
      <section className={styles.part}>
        <h2>What it holds</h2>
        <p className={styles.quiet}>An alert is held when it satisfies every matcher.</p>
        <MatchersEditor matchers={form.matchers} onChange={(matchers) => set({ matchers })} />
        {tried && problems.matchers && <p className={styles.problem} role="alert">{problems.matchers}</p>}
        <Held matchers={form.matchers} />
      </section>
      <section className={styles.part}>
        <h2>How long</h2>
        <div className={styles.presets} role="group" aria-label="Usual ends">
          {endings(start).map(({ word, until }) => (
            <button key={word} type="button" aria-pressed={absoluteTime(until).slice(0, 16) === form.until.slice(0, 16)} onClick={() => set({ until: absoluteTime(until) })}>{word}</button>
          ))}
        </div>
        <div className={styles.times}>
          <TextInput label="From" placeholder="Now" value={form.from} error={shown("from")} onChange={(event) => set({ from: event.currentTarget.value })} />
          <TextInput label="Until" placeholder={form.windows.length > 0 ? "Without an end" : "2026-11-21 14:30"} value={form.until} error={shown("until")} onChange={(event) => set({ until: event.currentTarget.value })} />
        </div>
        <label className={styles.check}>
          <input type="checkbox" checked={form.windows.length > 0} onChange={(event) => set(event.currentTarget.checked ? { windows: [newWindow(zone())], until: "" } : { windows: [], until: form.until || absoluteTime(start + AT_FIRST) })} />
          Only at certain times, again and again
        </label>
        {form.windows.length > 0 && <Windows windows={form.windows} onChange={(windows) => set({ windows })} />}
      </section>
      <section className={styles.part}>
        <h2>Who and why</h2>
        <TextInput label="Author" value={form.author} error={shown("author")} autoComplete="name" onChange={(event) => set({ author: event.currentTarget.value })} />
        <TextInput label="Comment" placeholder="What is going on, and who knows more" value={form.comment} error={shown("comment")} onChange={(event) => set({ comment: event.currentTarget.value })} />
      </section>
      {refusal && <p className={styles.problem} role="alert">{refusal.message} {refusal instanceof ApiFailure && <code>{refusal.code}</code>}</p>}
      {tried && hasProblem && <p className={styles.problem}>Something above is still to be put right.</p>}
      <div className={styles.actions}>
        <Button type="submit" loading={busy}>{id === null ? "Silence" : "Save"}</Button>
        <Button variant="default" onClick={() => history.length > 1 ? history.back() : visit("/silences")}>Cancel</Button>
      </div>
      <Unsaved changed={JSON.stringify(form) !== JSON.stringify(opened)} />
    </form>
  );
}
