import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import { daysOf, type Day } from "../../alerting/days";
import { sayKind, sayReason } from "../../alerting/reasons";
import { aboutOf } from "../../alerting/standing";
import { useTold } from "../../alerting/useAlerting";
import type { Told } from "../../api/alerting";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import { Choices } from "../../parts/Choices";
import { EmptyState } from "../../parts/EmptyState";
import { AlertIcon, LogIcon } from "../../parts/icons";
import { LabelChips } from "../../parts/LabelChips";
import { Link } from "../../parts/Link";
import list from "../../parts/ListPage.module.css";
import { Select } from "../../parts/Select";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { put, useAddress } from "../../shell/address";
import { absoluteTime, clockTime } from "../../time/words";
import styles from "./NotificationsPage.module.css";

/** As many as the server remembers. */
const LIMIT = 1_000;
const FIRST = 100;
const MORE = 200;
const FEW_ALERTS = 2;
const SHOWN_APART = new Set(["alertname"]);
type Outcome = "all" | "told" | "not";
const OUTCOMES: ReadonlyArray<readonly [Outcome, string]> = [["all", "All"], ["told", "Told"], ["not", "Not told"]];

/** What people were told lately, what not, and why. */
export default function NotificationsPage() {
  const { search } = useAddress();
  const receiver = search.get("receiver") ?? "";
  const alertname = search.get("alertname") ?? "";
  const outcome = OUTCOMES.find(([one]) => one === search.get("told"))?.[0] ?? "all";
  const everything = useTold({ receiver: "", alertname: "", limit: LIMIT });
  const { data, error, isPending } = useTold({ receiver, alertname, limit: LIMIT });
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const [most, setMost] = useState(FIRST);
  const shown = useMemo(() => (data ?? []).filter((one) => outcome === "all" || one.told === (outcome === "told")), [data, outcome]);
  if (!data) {
    return <Awaited title="Notifications" failure={failure} late={late} height={240} />;
  }
  const isFiltered = Boolean(receiver || alertname || outcome !== "all");
  if (data.length === 0 && !isFiltered) return <NothingTold />;
  return (
    <div className={styles.page}>
      <div className={list.head}>
        <h1>Notifications <span className={styles.quiet}>{shown.length.toLocaleString("en-GB")}</span></h1>
        <div className={`${list.tools} ${styles.tools}`}>
          <Choices label="Outcome" choices={OUTCOMES} chosen={outcome} onChoose={(choice) => put("told", choice === "all" ? "" : choice)} />
          <Select label="Receiver" value={receiver} options={offer("Every receiver", receiver, everything.data?.map((one) => one.receiver))} onChange={(value) => put("receiver", value)} />
          <Select label="Alert" value={alertname} options={offer("Every alert", alertname, everything.data?.flatMap((one) => one.alerts.map((each) => each.alertname ?? "")))} onChange={(value) => put("alertname", value)} />
        </div>
      </div>
      {shown.length === 0 && <EmptyState title="Nothing like this happened lately" within><p>The latest {LIMIT.toLocaleString("en-GB")} decisions since the program started are kept. Choose other receivers or alerts.</p></EmptyState>}
      {daysOf(shown.slice(0, most)).map((day) => <DayOf key={day.date} day={day} />)}
      {shown.length > most && <p className={styles.more}><Button size="xs" variant="default" onClick={() => setMost(most + MORE)}>Show more</Button> <span className={styles.quiet}>{most} of {shown.length.toLocaleString("en-GB")}</span></p>}
    </div>
  );
}

function offer(all: string, chosen: string, values: readonly string[] = []): Array<readonly [string, string]> {
  return [["", all], ...[...new Set([...values, chosen])].filter(Boolean).sort().map((one) => [one, one] as const)];
}

function DayOf({ day }: { day: Day<Told> }) {
  return (
    <section className={styles.day}>
      <h2 className={styles.date}>{day.word}</h2>
      <ul className={styles.list} aria-label={`Notifications of ${day.word}`}>
        {day.entries.map((one, at) => <Row key={`${one.at} ${one.channel} ${one.groupKey} ${at}`} told={one} />)}
      </ul>
    </section>
  );
}

function Row({ told }: { told: Told }) {
  const { receiver, channel, kind, reason, attempts, problem, groupLabels, alerts } = told;
  const at = Date.parse(told.at) / 1000;
  return (
    <li className={styles.row}>
      <time className={styles.time} dateTime={told.at} title={absoluteTime(at)}>{clockTime(at)}</time>
      <StateWord tone={told.told ? "good" : reason === "channel_failed" || reason === "circuit_open" ? "critical" : "neutral"}>{told.told ? "Told" : "Not told"}</StateWord>
      <div className={styles.what}>
        <p><strong>{receiver}</strong> by {sayKind(kind)}{channel !== kind && <> <code className={styles.quiet}>{channel}</code></>}: {sayReason(reason)}</p>
        <Alerts alerts={alerts} />
        <LabelChips labels={groupLabels} without={SHOWN_APART} label="Labels of the group" />
        {problem && <p className={styles.problem}><AlertIcon className={styles.small} /> {problem}</p>}
      </div>
      <div className={styles.when}>
        <Ago time={at} />
        {attempts > 1 && <span>{attempts} attempts</span>}
      </div>
    </li>
  );
}

/** Who it was about: the first few, and how many more. */
function Alerts({ alerts }: { alerts: Told["alerts"] }) {
  if (alerts.length === 0) return null;
  return (
    <p className={styles.alerts}>
      {alerts.slice(0, FEW_ALERTS).map((labels, at) => (
        <span key={at}>{at > 0 && ", "}<Link to="/alerts" find={{ find: `alertname="${labels.alertname ?? ""}"` }}>{labels.alertname}</Link> {aboutOf(labels)}</span>
      ))}
      {alerts.length > FEW_ALERTS && <span> and {alerts.length - FEW_ALERTS} more</span>}
    </p>
  );
}

function NothingTold() {
  return (
    <EmptyState icon={<LogIcon />} title="Nobody was told of anything yet">
      <p>Every time a channel is told of alerts, or is not, it stands here with the reason, from the start of the program on.</p>
      <p>Whether a channel works is seen before an alert fires: <Link to="/receivers">send it a test</Link>.</p>
    </EmptyState>
  );
}
