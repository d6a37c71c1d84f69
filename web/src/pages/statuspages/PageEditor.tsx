import { Button, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { ApiFailure } from "../../api/failure";
import { Banner } from "../../parts/Banner";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import fields from "../../parts/Fields.module.css";
import { BroadcastIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Menu } from "../../parts/Menu";
import { Placeholder } from "../../parts/Placeholder";
import { Problem } from "../../parts/Problem";
import textButton from "../../parts/TextButton.module.css";
import { Unsaved } from "../../parts/Unsaved";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useWork } from "../../parts/useWork";
import { visit } from "../../shell/address";
import { useNamedSubject } from "../../shell/subjects";
import { useCheckNames } from "../../uptime/useCheckNames";
import { Badges } from "./Badges";
import { GroupsEditor } from "./GroupsEditor";
import { NamesEditor } from "./NamesEditor";
import { newPage, placed, problemsOf, slugOf, writtenOf, type StatusPage, type WrittenPage } from "./page";
import styles from "./PageEditor.module.css";
import { LookFields, ReachFields, ShownFields } from "./PageFields";
import { create, remove, save, usePage } from "./store";
import { Subscribers } from "./Subscribers";

export function NewPage() {
  return <Editor stored={null} saved={false} />;
}

/** The editor of a page that is there. */
export function StoredPage({ slug }: { slug: string }) {
  const { data, error, isPending } = usePage(slug);
  const [saved, setSaved] = useState<number | null>(null);
  const late = useLate(isPending);
  useNamedSubject("/status-pages", slug, data?.title);
  const failure = useStandingFailure(error, data !== undefined);
  if (data) return <Editor key={data.version} stored={data} saved={saved === data.version} onSaved={setSaved} />;
  if (failure instanceof ApiFailure && failure.code === "not_found") {
    return (
      <EmptyState icon={<BroadcastIcon />} title="There is no such status page">
        <p>It was deleted, or the address is of another server. <Link to="/status-pages">See all status pages</Link></p>
      </EmptyState>
    );
  }
  return failure ? <Failure failure={failure} /> : late ? <Placeholder height={320} /> : null;
}

interface EditorProps {
  stored: StatusPage | null;
  /** Whether what is shown was saved here just now. */
  saved: boolean;
  onSaved?: (version: number) => void;
}

function Editor({ stored, saved, onSaved }: EditorProps) {
  const client = useQueryClient();
  const work = useWork("pages");
  const checks = useCheckNames().data ?? [];
  const [initial] = useState<WrittenPage>(() => (stored ? writtenOf(stored) : newPage(Intl.DateTimeFormat().resolvedOptions().timeZone)));
  const [page, setPage] = useState(initial);
  const [tried, setTried] = useState(false);
  const changed = JSON.stringify(page) !== JSON.stringify(initial);
  const problems = problemsOf(page);
  const shown = tried ? problems : {};
  const hasProblem = Object.keys(problems).length > 0;
  const its = placed(page.groups, checks);
  const set = (part: Partial<WrittenPage>): void => {
    setPage((last) => ({ ...last, ...part }));
    work.forget();
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (hasProblem) return;
    await work.attempt(async () => {
      const made = await (stored ? save(page, stored.version) : create(page));
      onSaved?.(made.version);
      client.setQueryData(["page", made.slug], made);
      if (!stored) visit(`/status-pages/${made.slug}`, {}, { replace: true, sure: true });
    });
  };
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
      <Head stored={stored} />
      <section className={styles.part}>
        <div className={styles.pair}>
          <TextInput label="Title" placeholder="Acme" value={page.title} maxLength={200} error={shown.title} onChange={(event) => set({ title: event.currentTarget.value, ...(stored || page.slug !== slugOf(page.title) ? {} : { slug: slugOf(event.currentTarget.value) }) })} />
          <TextInput label="Address" leftSection={<span className={styles.prefix}>/status/</span>} leftSectionWidth={62} placeholder="acme" value={page.slug} readOnly={stored !== null} error={shown.slug} spellCheck={false} onChange={(event) => set({ slug: event.currentTarget.value })} />
        </div>
        <Textarea label="Description" placeholder="What readers find here" autosize minRows={1} maxRows={8} value={page.description} onChange={(event) => set({ description: event.currentTarget.value })} />
        <Textarea label="Announcement" placeholder="Said at the top, until you take it away" autosize minRows={1} maxRows={8} value={page.announcement} onChange={(event) => set({ announcement: event.currentTarget.value })} />
        <label className={fields.checkbox}><input type="checkbox" checked={page.published} onChange={(event) => set({ published: event.currentTarget.checked })} /> Published; otherwise nobody can read it</label>
      </section>
      <GroupsEditor groups={page.groups} placed={its} checks={checks} problem={shown.groups} onChange={(groups) => set({ groups })} />
      <NamesEditor names={page.names} checks={its.flat()} onChange={(names) => set({ names })} />
      <ShownFields page={page} problems={shown} set={set} />
      <LookFields page={page} problems={shown} set={set} />
      <ReachFields page={page} problems={shown} set={set} />
      <div className={styles.bar}>
        <Button type="submit" loading={work.busy}>{stored ? "Save" : "Publish"}</Button>
        <Button variant="default" onClick={() => visit("/status-pages")}>{stored ? "Back" : "Cancel"}</Button>
        {saved && !changed && <p className={styles.quiet} role="status">Saved. Readers see it within seconds.</p>}
        <Problem problem={work.problem} />
        {tried && hasProblem && <p className={styles.problem} role="alert">{Object.values(problems)[0]}</p>}
      </div>
      {stored && <Badges page={stored} checks={placed(stored.groups, checks).flat()} />}
      {stored && <Subscribers slug={stored.slug} />}
      <Unsaved changed={changed} />
    </form>
  );
}

/** What it is called, the way to it, and its end. */
function Head({ stored }: { stored: StatusPage | null }) {
  const work = useWork("pages");
  const [asks, setAsks] = useState(false);
  if (!stored) return <h1>New status page</h1>;
  return (
    <div>
      <div className={styles.head}>
        <h1>{stored.title}</h1>
        <div className={styles.tools}>
          {stored.published && <a className={textButton.button} href={stored.path} target="_blank" rel="noreferrer">Open the page</a>}
          <Menu label="More about this status page"><button type="button" data-danger onClick={() => setAsks(true)}>Delete…</button></Menu>
        </div>
      </div>
      {asks && (
        <Banner question="Delete status page">
          <p>Delete “{stored.title}”? Its address, its subscribers and badges of checks that no other page shows end with it; the checks stay.</p>
          <Button color="red" variant="outline" size="xs" loading={work.busy} onClick={() => void work.attempt(async () => { await remove(stored.slug); visit("/status-pages", {}, { sure: true }); })}>Delete {stored.title}</Button>
          <Button variant="default" size="xs" autoFocus onClick={() => setAsks(false)}>Keep it</Button>
        </Banner>
      )}
      <Problem problem={work.problem} />
    </div>
  );
}
