import { Ago } from "../../parts/Ago";
import cards from "../../parts/Cards.module.css";
import { FactList } from "../../parts/FactList";
import { Link } from "../../parts/Link";
import { endOf, startOf, type Cause, type Incident } from "../../uptime/incident";
import { Lasted } from "./Lasted";
import styles from "./CauseRows.module.css";
import { KindWord } from "./KindWord";

const FEW = 4;

/** An incident with those that follow from it, folded where they are many. */
export function CauseRows({ cause: { root, parts }, names }: { cause: Cause; names: ReadonlyMap<number, string> }) {
  const rows = <ul className={styles.parts} aria-label={`What follows from ${root.title}`}>{parts.map((one) => <li key={one.id} className={styles.part}><Row incident={one} names={names} beneath /></li>)}</ul>;
  return (
    <li className={`${cards.frame} ${cards.edged} ${styles.cause}`} data-open={root.ended_at === null || parts.some((one) => one.ended_at === null) || undefined} data-kind={root.kind}>
      <Row incident={root} names={names} />
      {parts.length > FEW ? <details className={styles.folded}><summary>{parts.length.toLocaleString("en-GB")} incidents follow from it</summary>{rows}</details> : parts.length > 0 && rows}
    </li>
  );
}

function Row({ incident, names, beneath = false }: { incident: Incident; names: ReadonlyMap<number, string>; beneath?: boolean }) {
  const { id, check, kind, title, details, assignee, acknowledged_at: acknowledged, part_of: partOf } = incident;
  const end = endOf(incident);
  const Heading = beneath ? "h4" : "h3";
  return (
    <article className={styles.row} data-beneath={beneath || undefined}>
      <span className={styles.state}><KindWord kind={kind} over={incident.ended_at !== null} /></span>
      <div className={cards.what}>
        <Heading><Link to={`/incidents/${id}`}>{title}</Link></Heading>
        {details && details !== title && <p className={cards.quiet}>{details}</p>}
        {!beneath && partOf !== null && <p className={`${cards.quiet} ${styles.follows}`}>It follows from <Link to={`/incidents/${partOf}`}>incident {partOf}</Link>.</p>}
      </div>
      <FactList className={styles.facts}>
        {end === null ? <div><dt>Open</dt><dd><Ago time={startOf(incident)} ongoing /></dd></div> : <div><dt>Ended</dt><dd><Ago time={end} />, after <Lasted incident={incident} /></dd></div>}
        {check !== null && <div><dt>Check</dt><dd><Link to={`/checks/${check}`} title={names.get(check)}>{names.get(check) ?? `Check ${check}`}</Link></dd></div>}
        {(assignee || acknowledged !== null) && <div><dt>With</dt><dd title={assignee}>{assignee || "nobody"}{acknowledged !== null && <span className={cards.quiet}>, acknowledged</span>}</dd></div>}
      </FactList>
    </article>
  );
}
