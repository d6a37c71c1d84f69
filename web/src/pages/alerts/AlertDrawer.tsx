import type { ReactNode } from "react";
import { aboutOf, type StandingAlert } from "../../alerting/standing";
import { useWhy } from "../../alerting/useAlerting";
import { ApiFailure } from "../../api/failure";
import type { Rule } from "../../api/responses";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Drawer } from "../../parts/Drawer";
import { EmptyState } from "../../parts/EmptyState";
import { FactList } from "../../parts/FactList";
import { LabelChips } from "../../parts/LabelChips";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { StandingWord } from "../../parts/StandingWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { put } from "../../shell/address";
import { sayDuration } from "../../time/duration";
import { useCheckNamed } from "../../uptime/useCheckNames";
import styles from "./AlertDrawer.module.css";
import { Silence } from "./AlertRow";
import { Timeline } from "./Timeline";
import { WhyPath } from "./WhyPath";

interface AlertDrawerProps {
  fingerprint: string;
  /** Nothing while it is not known, or not any more. */
  alert: StandingAlert | undefined;
  rule: Rule | undefined;
  /** Whether everything that could tell of it was asked. */
  settled: boolean;
}

/** Annotations told elsewhere. */
const SHOWN_APART = new Set(["summary", "description"]);

const close = (): void => put("alert", "", { step: true });

/** All there is to know of an alert: what it says, when it fired, and its way to those who are told. */
export function AlertDrawer({ fingerprint, alert, rule, settled }: AlertDrawerProps) {
  if (!alert) {
    return (
      <Drawer label="Alert" onClose={close} head={<h2 className={styles.name}>Alert</h2>}>
        {settled && (
          <EmptyState title="This alert is not there any more" within>
            <p>It ended, or the address is of another server. The <Link to="/notifications">notifications</Link> tell who was told of it.</p>
          </EmptyState>
        )}
      </Drawer>
    );
  }
  const { labels, annotations, standing } = alert;
  const { alertname = "Without a name" } = labels;
  return (
    <Drawer label={`Alert ${alertname} ${aboutOf(labels)}`} onClose={close} head={<><StandingWord standing={standing} /><h2 className={styles.name}>{alertname}</h2><span className={styles.quiet}>{aboutOf(labels)}</span></>}>
      <div className={styles.said}>
        {annotations.summary && <p className={styles.summary}>{annotations.summary}</p>}
        {annotations.description && <p className={styles.quiet}>{annotations.description}</p>}
        <Facts alert={alert} rule={rule} />
        {standing !== "resolved" && <p className={styles.actions}><Silence alert={alert} /></p>}
      </div>
      <Part title="Who is told, and why">
        {alert.known ? <WhyOf fingerprint={fingerprint} /> : <p className={styles.quiet}>{unknownToPipeline(alert, rule)}</p>}
      </Part>
      <Part title="When it fired"><Timeline of={labels} /></Part>
      <Part title="Labels"><LabelChips labels={labels} /></Part>
      {Object.keys(annotations).some((name) => !SHOWN_APART.has(name)) && (
        <Part title="Annotations">
          <FactList className={styles.facts}>
            {Object.entries(annotations).filter(([name]) => !SHOWN_APART.has(name)).map(([name, text]) => <div key={name}><dt>{name}</dt><dd><Linked text={text} /></dd></div>)}
          </FactList>
        </Part>
      )}
    </Drawer>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return <section className={styles.part}><h3>{title}</h3>{children}</section>;
}

/** A text that is an address of the web, such as a runbook's, can be followed. */
function Linked({ text }: { text: string }) {
  return /^https?:\/\/\S+$/i.test(text) ? <a href={text} target="_blank" rel="noreferrer">{text}</a> : <>{text}</>;
}

function Facts({ alert, rule }: { alert: StandingAlert; rule: Rule | undefined }) {
  const { labels, standing } = alert;
  const check = useCheckNamed(labels.check);
  return (
    <FactList className={styles.facts}>
      {labels.severity && <div><dt>Severity</dt><dd>{labels.severity}</dd></div>}
      {check && <div><dt>Check</dt><dd><Link to={`/checks/${check.id}`}>{check.name}</Link></dd></div>}
      {labels.instance && <div><dt>Host</dt><dd><Link to={`/hosts/${encodeURIComponent(labels.instance)}`}>{labels.instance}</Link></dd></div>}
      {alert.value !== null && <div><dt>Value</dt><dd>{format("count", alert.value)}</dd></div>}
      <div><dt>{standing === "resolved" ? "Began" : "Since"}</dt><dd><Ago time={alert.since} ongoing={standing !== "resolved"} /></dd></div>
      {alert.ended !== null && <div><dt>Ended</dt><dd><Ago time={alert.ended} /></dd></div>}
      {alert.reason && <div><dt>State</dt><dd>{alert.reason.replaceAll("_", " ")}</dd></div>}
      {rule && <div><dt>Rule</dt><dd><Link to="/rules" find={{ find: rule.name }}>{rule.name}</Link></dd></div>}
      {rule?.query ? <div><dt>Condition</dt><dd><Link to="/explore" find={{ q: rule.query }} title="See it in Explore"><code>{rule.query}</code></Link></dd></div> : null}
      {alert.source && <div><dt>Source</dt><dd><a href={alert.source} target="_blank" rel="noreferrer">{alert.source}</a></dd></div>}
    </FactList>
  );
}

function unknownToPipeline({ standing }: StandingAlert, rule: Rule | undefined): string {
  if (standing === "pending") return `Nobody yet: its condition must hold${rule && rule.duration > 0 ? ` for ${sayDuration(rule.duration)}` : ""} before it fires.`;
  if (standing === "resolved") return "It is over. The notifications tell who was told of it.";
  if (standing === "unknown") return "Nobody: its rule has no answer, so that it does not fire.";
  return "Nobody yet: it has not been handed on.";
}

function WhyOf({ fingerprint }: { fingerprint: string }) {
  const { data, error, isPending } = useWhy(fingerprint, true);
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  if (data) return <WhyPath why={data} />;
  if (failure) return <p className={styles.quiet} role="alert">This cannot be told: {failure.message} {failure instanceof ApiFailure && <code>{failure.code}</code>}</p>;
  return late ? <Placeholder height={160} /> : null;
}
