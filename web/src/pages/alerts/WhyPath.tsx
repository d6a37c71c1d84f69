import type { ReactNode } from "react";
import { outcomeOf, sayKind, sayReason, sayRoute, startBig, verdictOf } from "../../alerting/reasons";
import { intervalsOf, windowsOf } from "../../alerting/standing";
import type { Why, WhyChannel, WhyGroup, WhyRoute } from "../../api/alerting";
import { Ago } from "../../parts/Ago";
import { AlertIcon, BellIcon, CheckIcon, ClockIcon, DotIcon, ListIcon, ReceiverIcon, SilenceIcon } from "../../parts/icons";
import { InTime } from "../../parts/InTime";
import { LabelChips } from "../../parts/LabelChips";
import { Link } from "../../parts/Link";
import { StateWord, type Tone } from "../../parts/StateWord";
import steps from "../../parts/Steps.module.css";
import { WindowLink } from "./WindowLink";
import styles from "./WhyPath.module.css";

/** Routes that were not taken, shown at once; a tree may have hundreds. */
const MOST_ROUTES = 200;
const FEW_ROUTES = 4;

/** The way of an alert to people, step by step from the top, with the answer in front. */
export function WhyPath({ why: { alert, routes, groups } }: { why: Why }) {
  const channels = groups.flatMap((group) => group.channels);
  const taken = routes.filter((one) => sayRoute(one.reason).taken);
  const others = routes.filter((one) => !sayRoute(one.reason).taken);
  const { silencedBy, inhibitedBy, mutedBy } = alert.status;
  const isHeld = silencedBy.length + inhibitedBy.length + mutedBy.length > 0;
  return (
    <>
      <p className={styles.verdict}>{verdictOf(channels)}</p>
      <ol className={`${steps.steps} ${styles.path}`} aria-label="The way of this alert">
        <Step icon={<BellIcon />} title="The alert fires">
          <p className={styles.quiet}>since <Ago time={Date.parse(alert.startsAt) / 1000} /></p>
        </Step>
        <Step icon={<ListIcon />} title={taken.some((one) => one.reason === "taken") ? "Routes take it" : "No route takes it"}>
          <ul className={styles.routes} aria-label="Routes that it takes">{taken.map((one, at) => <RouteLine key={at} route={one} />)}</ul>
          {others.length > 0 && (
            <details className={styles.others} open={others.length <= FEW_ROUTES}>
              <summary>{others.length === 1 ? "1 route does not take it" : `${others.length} routes do not take it`}</summary>
              <ul className={styles.routes}>{others.slice(0, MOST_ROUTES).map((one, at) => <RouteLine key={at} route={one} />)}</ul>
            </details>
          )}
        </Step>
        <Step icon={isHeld ? <SilenceIcon /> : <CheckIcon />} title={isHeld ? "Something holds it" : "Nothing holds it"} tone={isHeld ? "warning" : undefined}>
          {isHeld ? <Holds {...{ silencedBy, inhibitedBy, mutedBy }} /> : <p className={styles.quiet}>No silence, no other alert, no time of the week, no maintenance.</p>}
        </Step>
        {groups.map((group) => <GroupSteps key={`${group.receiver} ${group.key}`} group={group} />)}
      </ol>
    </>
  );
}

function Step({ icon, title, tone, children }: { icon: ReactNode; title: ReactNode; tone?: Tone | undefined; children: ReactNode }) {
  return (
    <li className={`${steps.step} ${styles.step}`} data-tone={tone}>
      <span className={steps.mark}>{icon}</span>
      <div className={`${steps.body} ${styles.body}`}>
        <h4 className={styles.title}>{title}</h4>
        {children}
      </div>
    </li>
  );
}

function RouteLine({ route: { route, receiver, reason, failed } }: { route: WhyRoute }) {
  const { taken, words } = sayRoute(reason);
  return (
    <li className={styles.route} data-taken={taken || undefined}>
      {taken ? <CheckIcon className={styles.small} /> : <DotIcon className={styles.small} />}
      <span>
        {route === "{}" || route === "" ? "The route of all alerts" : <code>{route}</code>} {words}
        {reason === "taken" && <> <strong>{receiver}</strong></>}
        {failed !== null && <>: it lacks <code>{failed}</code></>}
      </span>
    </li>
  );
}

function Holds({ silencedBy, inhibitedBy, mutedBy }: { silencedBy: readonly string[]; inhibitedBy: readonly string[]; mutedBy: readonly string[] }) {
  return (
    <ul className={styles.holds} aria-label="What holds it">
      {silencedBy.map((id) => <li key={id}>Silenced by <Link to={`/silences/${id}`}>silence {id.slice(0, 8)}</Link></li>)}
      {inhibitedBy.map((one) => <li key={one}>Inhibited by <Link to="/alerts" find={{ alert: one }}>another alert</Link></li>)}
      {windowsOf(mutedBy).map((one) => <li key={one}>In maintenance by <WindowLink name={one} /></li>)}
      {intervalsOf(mutedBy).map((one) => <li key={one}>Muted by the time interval <strong>{one}</strong></li>)}
    </ul>
  );
}

function GroupSteps({ group: { labels, receiver, nextLookAt, channels } }: { group: WhyGroup }) {
  const hasLabels = Object.keys(labels).length > 0;
  return (
    <>
      <Step icon={<ClockIcon />} title={<>Told to <strong>{receiver}</strong> together with {hasLabels ? "alerts that have" : "all others"}</>}>
        {hasLabels && <LabelChips labels={labels} label="Labels of the group" />}
        <p className={styles.quiet}>The group is looked at next <InTime time={Date.parse(nextLookAt) / 1000} />.</p>
      </Step>
      <Step icon={<ReceiverIcon />} title={channels.length === 1 ? "Channel" : `${channels.length} channels`}>
        {channels.length === 0 && <p className={styles.quiet}>The receiver has no channel: nobody hears of it.</p>}
        <ul className={styles.channels} aria-label={`Channels of ${receiver}`}>{channels.map((one) => <Channel key={one.channel} channel={one} />)}</ul>
      </Step>
    </>
  );
}

function Channel({ channel }: { channel: WhyChannel }) {
  const { tone, word } = outcomeOf(channel);
  return (
    <li className={styles.channel}>
      <StateWord tone={tone}>{word}</StateWord>
      <span className={styles.outcome}>
        <span><strong>{sayKind(channel.kind)}</strong> {channel.channel !== channel.kind && <code>{channel.channel}</code>}</span>
        <span className={styles.quiet}>{startBig(sayReason(channel.reason))}{channel.lastToldAt !== null && <>; told of this group <Ago time={Date.parse(channel.lastToldAt) / 1000} /></>}.</span>
        {channel.problem && <span className={styles.problem}><AlertIcon className={styles.small} /> {channel.problem}</span>}
      </span>
    </li>
  );
}
