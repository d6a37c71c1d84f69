import { Button, Textarea } from "@mantine/core";
import { useState } from "react";
import fields from "../../parts/Fields.module.css";
import { Problem } from "../../parts/Problem";
import { Select } from "../../parts/Select";
import { useWork } from "../../parts/useWork";
import { STATUS_WORDS, STATUSES, type Status, type ToldIncident } from "../../uptime/incident";
import { update } from "../../uptime/store";
import styles from "./IncidentPage.module.css";

/** What people say of it now, to themselves or on status pages. */
export function SayUpdate({ incident }: { incident: ToldIncident }) {
  const work = useWork("incidents");
  const [text, setText] = useState("");
  const [status, setStatus] = useState<Status>("");
  const [isPublic, setPublic] = useState(true);
  const isEmpty = text.trim() === "";
  const say = async (): Promise<void> => {
    if (!(await work.attempt(() => update(incident.id, { text: text.trim(), status, public: isPublic })))) return;
    setText("");
    setStatus("");
  };
  return (
    <form className={styles.say} onSubmit={(event) => { event.preventDefault(); if (!isEmpty) void say(); }}>
      <Textarea aria-label="Update" placeholder="What is known, and what is being done" autosize minRows={2} maxRows={12} value={text} onChange={(event) => { setText(event.currentTarget.value); work.forget(); }} />
      <div className={styles.sayTools}>
        <Select label="Status" labelled value={status} options={[["", "as it is"], ...STATUSES.map((one) => [one, STATUS_WORDS[one]] as const)]} onChange={(value) => setStatus(value as Status)} />
        <label className={fields.checkbox}><input type="checkbox" checked={isPublic} onChange={(event) => setPublic(event.currentTarget.checked)} /> On status pages</label>
        <Button type="submit" size="xs" disabled={isEmpty} loading={work.busy}>Add update</Button>
      </div>
      {isPublic && !incident.public && <p className={styles.quiet}>The incident is hidden from status pages, and its updates with it.</p>}
      {status === "resolved" && incident.ended_at === null && <p className={styles.quiet}>{incident.check === null ? "This ends the incident." : "Readers are told that it is resolved; the incident itself ends when its check is well again."}</p>}
      <Problem problem={work.problem} />
    </form>
  );
}
