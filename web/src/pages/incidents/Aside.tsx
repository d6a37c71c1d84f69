import { Button, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { Ago } from "../../parts/Ago";
import { CopyText } from "../../parts/CopyText";
import { FactList } from "../../parts/FactList";
import { Link } from "../../parts/Link";
import { Problem } from "../../parts/Problem";
import textButton from "../../parts/TextButton.module.css";
import { useWork } from "../../parts/useWork";
import { select } from "../../series/selector";
import { now } from "../../time/clock";
import { absoluteTime } from "../../time/words";
import { endOf, rangeOf, sayCause, startOf, type Incident, type ToldIncident } from "../../uptime/incident";
import { change } from "../../uptime/store";
import { useCheckNames } from "../../uptime/useCheckNames";
import styles from "./IncidentPage.module.css";
import { KindWord } from "./KindWord";

/** What belongs to it: who looks after it, its check, others of its cause, traces, and its time in Explore. */
export function Aside({ incident }: { incident: ToldIncident }) {
  const { check, cause, related, trace_ids: traces, part_of: partOf } = incident;
  const names = useCheckNames(check !== null).data;
  const name = names?.find((one) => one.id === check)?.name;
  const end = endOf(incident);
  return (
    <aside className={styles.aside} aria-label="What belongs to it">
      <Part title="Details">
        <FactList className={styles.facts}>
          {check !== null && <div><dt>Check</dt><dd><Link to={`/checks/${check}`}>{name ?? `Check ${check}`}</Link></dd></div>}
          {cause && <div><dt>Cause</dt><dd>{sayCause(cause)}</dd></div>}
          <div><dt>Began</dt><dd>{absoluteTime(startOf(incident))}</dd></div>
          {end !== null && <div><dt>Ended</dt><dd>{absoluteTime(end)}</dd></div>}
          <div><dt>Readers</dt><dd>{incident.public ? "Shown on status pages" : "Hidden from status pages"}</dd></div>
          {name !== undefined && <div><dt>Samples</dt><dd><Samples name={name} incident={incident} /></dd></div>}
        </FactList>
      </Part>
      <Part title="Looked after by"><Assignee key={incident.assignee} incident={incident} /></Part>
      {(related.length > 0 || partOf !== null) && (
        <Part title="Related">
          <ul className={styles.related}>{related.map((one) => <Related key={one.id} incident={one} isRoot={one.id === partOf} />)}</ul>
          {partOf !== null && !related.some((one) => one.id === partOf) && <Link className={textButton.button} to={`/incidents/${partOf}`}>The first of the cause, incident {partOf}</Link>}
        </Part>
      )}
      {traces.length > 0 && (
        <Part title={traces.length === 1 ? "Trace" : "Traces"} note="of failed probes, the newest first">
          <ul className={styles.traces}>{traces.map((one) => <li key={one}><code>{one}</code><CopyText text={one} label={`Copy trace ${one}`} /></li>)}</ul>
        </Part>
      )}
    </aside>
  );
}

function Part({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return <section className={styles.box}><h2>{title} {note && <span className={styles.note}>{note}</span>}</h2>{children}</section>;
}

/** The way to Explore, at the time of the incident. */
function Samples({ name, incident }: { name: string; incident: Incident }) {
  const { from, to } = rangeOf(incident, now());
  return <Link to="/explore" find={{ q: select("probe_success", { check: name }), from: String(from), to: String(to) }}>See them in Explore</Link>;
}

function Assignee({ incident: { id, assignee } }: { incident: ToldIncident }) {
  const work = useWork("incidents");
  const [text, setText] = useState(assignee);
  const isChanged = text.trim() !== assignee;
  return (
    <form className={styles.assign} onSubmit={(event) => { event.preventDefault(); if (isChanged) void work.attempt(() => change(id, { assignee: text.trim() })); }}>
      <TextInput aria-label="Assignee" placeholder="Nobody yet" value={text} maxLength={300} autoComplete="name" onChange={(event) => setText(event.currentTarget.value)} />
      <Button type="submit" variant="default" disabled={!isChanged} loading={work.busy}>{text.trim() === "" && assignee !== "" ? "Take away" : "Assign"}</Button>
      <Problem problem={work.problem} />
    </form>
  );
}

function Related({ incident, isRoot }: { incident: Incident; isRoot: boolean }) {
  const end = endOf(incident);
  return (
    <li>
      <KindWord kind={incident.kind} over={end !== null} />
      <div>
        <Link className={textButton.button} to={`/incidents/${incident.id}`}>{incident.title}</Link>
        <p className={styles.quiet}>{isRoot && "The first of the cause, "}{end === null ? <Ago time={startOf(incident)} ongoing /> : <Ago time={end} />}</p>
      </div>
    </li>
  );
}
