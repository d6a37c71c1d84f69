import { Button } from "@mantine/core";
import { fingerprintOf } from "../../alerting/fingerprint";
import { matchersOf, writeMatcher } from "../../alerting/matchers";
import { aboutOf, type StandingAlert } from "../../alerting/standing";
import type { Labels } from "../../api/responses";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import cards from "../../parts/Cards.module.css";
import { FactList } from "../../parts/FactList";
import { LabelChips } from "../../parts/LabelChips";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import { StandingWord } from "../../parts/StandingWord";
import { put } from "../../shell/address";
import { useCheckNamed } from "../../uptime/useCheckNames";
import { WindowLink } from "./WindowLink";
import styles from "./AlertRow.module.css";

/** Labels told elsewhere in the row. */
const SHOWN_APART = new Set(["alertname", "severity", "instance"]);
const SHOWN_APART_OF_CONTAINER = new Set([...SHOWN_APART, "id", "name"]);
const SHOWN_APART_OF_CHECK = new Set([...SHOWN_APART, "check"]);

/** Opens the drawer of an alert, a step in history that goes back. */
export const openAlert = (labels: Labels): void => put("alert", fingerprintOf(labels), { step: true });

/** One alert: what, where, since when, and who hears of it. within: under a heading that has the name of its rule. */
export function AlertRow({ alert, level, within }: { alert: StandingAlert; level: 2 | 3; within: boolean }) {
  const { labels, annotations, standing, receivers, windows } = alert;
  const { alertname = "Without a name", severity, instance, id, name } = labels;
  const container = id && name ? name : null;
  const check = useCheckNamed(labels.check);
  const Heading = level === 2 ? "h2" : "h3";
  const title = (within && aboutOf(labels)) || alertname;
  return (
    <li className={`${cards.card} ${cards.edged} ${styles.alert}`} data-state={standing}>
      <span className={styles.state}>
        <StandingWord standing={standing} />
        {severity && <span className={styles.severity}>{severity}</span>}
      </span>
      <div className={cards.what}>
        <Heading className={styles.name}><button type="button" aria-haspopup="dialog" onClick={() => openAlert(labels)}>{title}</button></Heading>
        {annotations.summary && <p>{annotations.summary}</p>}
        <LabelChips labels={labels} without={container ? SHOWN_APART_OF_CONTAINER : check ? SHOWN_APART_OF_CHECK : SHOWN_APART} />
      </div>
      <FactList className={styles.facts}>
        {container && <div><dt>Container</dt><dd><Link to={`/containers/${encodeURIComponent(container)}`} title={id}>{container}</Link></dd></div>}
        {check && <div><dt>Check</dt><dd><Link to={`/checks/${check.id}`} title={check.name}>{check.name}</Link></dd></div>}
        {instance && <div><dt>Host</dt><dd><Link to={`/hosts/${encodeURIComponent(instance)}`} title={instance}>{instance}</Link></dd></div>}
        {alert.value !== null && <div><dt>Value</dt><dd>{format("count", alert.value)}</dd></div>}
        <div><dt>{standing === "resolved" ? "Began" : "Since"}</dt><dd><Ago time={alert.since} /></dd></div>
        {alert.ended !== null && <div><dt>Ended</dt><dd><Ago time={alert.ended} /></dd></div>}
        {windows.length > 0 && <div><dt>Window</dt><dd>{windows.map((one) => <WindowLink key={one} name={one} />)}</dd></div>}
        {receivers.length > 0 && <div><dt>Receiver</dt><dd title={receivers.join(", ")}>{receivers.join(", ")}</dd></div>}
      </FactList>
      {standing !== "resolved" && (
        <div className={cards.actions}>
          <Button size="xs" variant="default" aria-label={`Who was told? ${alertname} ${aboutOf(labels)}`} aria-haspopup="dialog" onClick={() => openAlert(labels)}>Who was told?</Button>
          <Silence alert={alert} />
        </div>
      )}
    </li>
  );
}

/** The way to a silence of exactly this alert, or to the one that holds it. */
export function Silence({ alert: { labels, silencedBy } }: { alert: StandingAlert }) {
  const [by] = silencedBy;
  const about = `${labels.alertname ?? ""} ${aboutOf(labels)}`.trim();
  if (by !== undefined) return <LinkButton to={`/silences/${by}`} label={`Its silence: ${about}`}>Its silence</LinkButton>;
  return <LinkButton to="/silences/+" find={{ match: matchersOf(labels).map(writeMatcher).join(",") }} label={`Silence ${about}`}>Silence</LinkButton>;
}
