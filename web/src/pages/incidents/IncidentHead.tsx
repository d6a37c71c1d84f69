import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { Ago } from "../../parts/Ago";
import { Menu } from "../../parts/Menu";
import { Problem } from "../../parts/Problem";
import { useWork } from "../../parts/useWork";
import { absoluteTime } from "../../time/words";
import { endOf, startOf, type ToldIncident } from "../../uptime/incident";
import { act, change } from "../../uptime/store";
import styles from "./IncidentPage.module.css";
import { KindWord } from "./KindWord";
import { Lasted } from "./Lasted";

/** What it is and how it stands, with what one does first. */
export function IncidentHead({ incident }: { incident: ToldIncident }) {
  const work = useWork("incidents");
  const [names, setNames] = useState(false);
  const { id, check, kind, title, details, acknowledged_at: acknowledged } = incident;
  const end = endOf(incident);
  return (
    <header className={styles.head}>
      <div className={styles.names}>
        {names ? <Rename incident={incident} onDone={() => setNames(false)} /> : <h1>{title}</h1>}
        <p className={styles.standing}>
          <KindWord kind={kind} over={end !== null} />
          <span>{end === null ? <>Open since {absoluteTime(startOf(incident))}, <Lasted incident={incident} /></> : <>Over <Ago time={end} />, lasted <Lasted incident={incident} /></>}</span>
          {acknowledged !== null && <span className={styles.quiet}>Acknowledged <Ago time={Date.parse(acknowledged) / 1000} /></span>}
        </p>
        {details && check !== null && <p className={styles.details}>{details}</p>}
        <Problem problem={work.problem} />
      </div>
      <div className={styles.actions}>
        {end === null && acknowledged === null && <Button loading={work.busy} onClick={() => void work.attempt(() => act(id, "acknowledge"))}>Acknowledge</Button>}
        {end === null && check === null && <Button variant={acknowledged === null ? "default" : "filled"} loading={work.busy} onClick={() => void work.attempt(() => act(id, "resolve"))}>Resolve</Button>}
        <Menu label="More about this incident">
          <button type="button" onClick={() => setNames(true)}>Rename</button>
          <button type="button" onClick={() => void work.attempt(() => change(id, { public: !incident.public }))}>{incident.public ? "Hide from status pages" : "Show on status pages"}</button>
        </Menu>
      </div>
    </header>
  );
}

function Rename({ incident: { id, title }, onDone }: { incident: ToldIncident; onDone: () => void }) {
  const work = useWork("incidents");
  const [text, setText] = useState(title);
  const isEmpty = text.trim() === "";
  const save = async (): Promise<void> => {
    if (await work.attempt(() => change(id, { title: text.trim() }))) onDone();
  };
  return (
    <form className={styles.rename} onSubmit={(event) => { event.preventDefault(); if (!isEmpty) void save(); }}>
      <TextInput aria-label="Title" value={text} autoFocus error={isEmpty ? "An incident needs a title" : null} onChange={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && onDone()} />
      <Button type="submit" loading={work.busy} disabled={isEmpty}>Save</Button>
      <Button variant="default" onClick={onDone}>Cancel</Button>
      <Problem problem={work.problem} />
    </form>
  );
}
