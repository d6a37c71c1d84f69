import { Button, Textarea, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { Choices } from "../../parts/Choices";
import fields from "../../parts/Fields.module.css";
import { Problem } from "../../parts/Problem";
import { Unsaved } from "../../parts/Unsaved";
import { useWork } from "../../parts/useWork";
import { visit } from "../../shell/address";
import { STATUS_WORDS, STATUSES } from "../../uptime/incident";
import { begin } from "../../uptime/store";
import styles from "./WriteIncident.module.css";

/** Of one that begins, "resolved" would make no sense. */
const BEGINNINGS = STATUSES.filter((one) => one !== "resolved");

/** The form of an incident that no check sees. */
export function WriteIncident() {
  const work = useWork("incidents");
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const [status, setStatus] = useState<(typeof STATUSES)[number]>("investigating");
  const [isPublic, setPublic] = useState(true);
  const [tried, setTried] = useState(false);
  const isUnnamed = title.trim() === "";
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (isUnnamed) return;
    await work.attempt(async () => {
      const { id } = await begin({ title: title.trim(), text: text.trim(), status, public: isPublic });
      visit(`/incidents/${id}`, {}, { replace: true, sure: true });
    });
  };
  return (
    <form className={styles.form} onSubmit={(event) => void save(event)} noValidate>
      <h1>Write an incident</h1>
      <p className={styles.quiet}>For what no check sees, or what readers of your status pages are to know. It begins now and lasts until you resolve it.</p>
      <TextInput label="Title" placeholder="Orders are confirmed late" value={title} maxLength={300} error={tried && isUnnamed ? "Readers see this first: it cannot be empty" : null} onChange={(event) => { setTitle(event.currentTarget.value); work.forget(); }} />
      <Textarea label="First update" placeholder="What is known, whom it affects, and when you say more" autosize minRows={4} maxRows={20} value={text} onChange={(event) => { setText(event.currentTarget.value); work.forget(); }} />
      <div className={styles.part}>
        <span className={styles.label} aria-hidden="true">Status</span>
        <Choices label="Status" choices={BEGINNINGS.map((one) => [one, STATUS_WORDS[one]] as const)} chosen={status} onChoose={setStatus} />
      </div>
      <label className={fields.checkbox}><input type="checkbox" checked={isPublic} onChange={(event) => setPublic(event.currentTarget.checked)} /> Show it on status pages, and tell their subscribers</label>
      <Problem problem={work.problem} />
      <div className={styles.actions}>
        <Button type="submit" loading={work.busy}>Begin incident</Button>
        <Button variant="default" onClick={() => (history.length > 1 ? history.back() : visit("/incidents"))}>Cancel</Button>
      </div>
      <Unsaved changed={title.trim() !== "" || text.trim() !== ""} />
    </form>
  );
}
