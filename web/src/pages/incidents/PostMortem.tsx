import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import { Problem } from "../../parts/Problem";
import textButton from "../../parts/TextButton.module.css";
import { Unsaved } from "../../parts/Unsaved";
import { useWork } from "../../parts/useWork";
import type { ToldIncident } from "../../uptime/incident";
import { savePostMortem } from "../../uptime/store";
import styles from "./IncidentPage.module.css";

/** What is learnt from it, written when it is over or while it lasts. */
export function PostMortem({ incident: { id, post_mortem: written } }: { incident: ToldIncident }) {
  const work = useWork("incidents");
  const [draft, setDraft] = useState<{ text: string; base: string } | null>(null);
  const save = async (): Promise<void> => {
    if (draft && (await work.attempt(() => savePostMortem(id, draft.text.trim(), draft.base)))) setDraft(null);
  };
  return (
    <section className={styles.part}>
      <div className={styles.partHead}>
        <h2>Post-mortem</h2>
        {draft === null && written !== "" && <Button size="xs" variant="default" onClick={() => setDraft({ text: written, base: written })}>Edit</Button>}
      </div>
      {draft === null ? written ? <p className={styles.postMortem}>{written}</p> : (
        <p className={styles.quiet}>What happened, why, and what keeps it from happening again. <button type="button" className={textButton.button} onClick={() => setDraft({ text: "", base: "" })}>Write it</button></p>
      ) : (
        <form className={styles.say} onSubmit={(event) => { event.preventDefault(); void save(); }}>
          <Textarea aria-label="Post-mortem" placeholder={"What happened\nWhy it happened\nWhat helped\nWhat we change"} autosize minRows={6} maxRows={40} autoFocus value={draft.text} onChange={(event) => { setDraft({ ...draft, text: event.currentTarget.value }); work.forget(); }} />
          {draft.base !== written && <p className={styles.quiet} role="status">Somebody else changed it meanwhile. <button type="button" className={textButton.button} onClick={() => setDraft({ ...draft, base: written })}>Save mine in its place</button> or cancel to see theirs.</p>}
          <div className={styles.sayTools}>
            <Button type="submit" size="xs" disabled={draft.text.trim() === written || draft.base !== written} loading={work.busy}>Save</Button>
            <Button size="xs" variant="default" onClick={() => { setDraft(null); work.forget(); }}>Cancel</Button>
          </div>
          <Problem problem={work.problem} />
          <Unsaved changed={draft.text.trim() !== draft.base} />
        </form>
      )}
    </section>
  );
}
