import { useMemo } from "react";
import { parseWanted } from "../../alerting/matchers";
import { filtered, grouped, named, standingAlerts, type Filter, type Grouping, type Standing, type StandingAlert } from "../../alerting/standing";
import { useToldGroups } from "../../alerting/useAlerting";
import type { Rule } from "../../api/responses";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { AlertIcon, CheckIcon } from "../../parts/icons";
import { Placeholder } from "../../parts/Placeholder";
import textButton from "../../parts/TextButton.module.css";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useAlerts } from "../../series/useAlerts";
import { useRules } from "../../series/useRules";
import { put, useAddress } from "../../shell/address";
import { AlertDrawer } from "./AlertDrawer";
import { AlertChoices, AlertFilters } from "./AlertFilters";
import { AlertGroups } from "./AlertGroups";
import styles from "./AlertsPage.module.css";
import { Rules } from "./Rules";
import { Timeline } from "./Timeline";

const GROUPINGS: readonly Grouping[] = ["rule", "told", "none"];
const STANDINGS: readonly Standing[] = ["firing", "pending", "silenced", "inhibited", "maintenance", "muted", "unknown"];

/** What is wrong now, who is told of it, and what is watched for. */
export default function AlertsPage() {
  const { data, error, isPending } = useAlerts();
  const told = useToldGroups();
  const rules = useRules(true);
  const { search } = useAddress();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const groups = told.data;
  const alerts = useMemo(() => (data ? standingAlerts(data, groups ?? []) : []), [data, groups]);
  const text = search.get("find") ?? "";
  const standing = STANDINGS.find((one) => one === search.get("state")) ?? null;
  const receiver = search.get("receiver") ?? "";
  const severity = search.get("severity") ?? "";
  const grouping = GROUPINGS.find((one) => one === search.get("group")) ?? "rule";
  const filter = useMemo<Filter>(() => ({ wanted: parseWanted(text), standing: null, receiver, severity }), [text, receiver, severity]);
  const found = useMemo(() => filtered(alerts, filter), [alerts, filter]);
  const active = useMemo(() => found.filter((one) => one.standing !== "resolved"), [found]);
  const chosen = useMemo(() => (standing ? active.filter((one) => one.standing === standing) : active), [active, standing]);
  const shown = useMemo(() => grouped(chosen, grouping, groups ?? []), [chosen, grouping, groups]);
  const resolved = useMemo(() => grouped(standing ? [] : found.filter((one) => one.standing === "resolved"), "none", []), [found, standing]);
  const fingerprint = search.get("alert");
  const opened = useMemo(() => (fingerprint ? named(alerts, fingerprint) : undefined), [alerts, fingerprint]);
  if (!data) {
    return (
      <>
        <h1 className={styles.heading}>Alerts</h1>
        {failure ? <Failure failure={failure} compact /> : late ? <Placeholder height={120} /> : null}
      </>
    );
  }
  const total = alerts.filter((one) => one.standing !== "resolved").length;

  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Alerts <span className={styles.count}>{total === 0 ? "" : `${total.toLocaleString("en-GB")} active`}</span></h1>
        {alerts.length > 1 && <AlertChoices {...{ alerts, receiver, severity, grouping }} />}
      </div>
      {alerts.length > 0 && <AlertFilters {...{ active, text, standing }} problem={filter.wanted.problem} />}
      {total === 0 && <NothingFiring rules={rules.data} />}
      {total > 0 && chosen.length === 0 && <NothingMatches />}
      <AlertGroups key={grouping} name="Alerts" groups={shown} headed={grouping} />
      {resolved.length > 0 && (
        <>
          <h2 className={styles.section}>Recently resolved</h2>
          <AlertGroups name="Recently resolved" groups={resolved} headed="none" beneath />
        </>
      )}
      <h2 className={styles.section}>Timeline</h2>
      <Timeline />
      <h2 className={styles.section}>Rules</h2>
      <Rules {...{ rules: rules.data, failure: rules.error, pending: rules.isPending }} />
      {fingerprint && <AlertDrawer key={fingerprint} fingerprint={fingerprint} alert={opened} rule={ruleOf(opened, rules.data)} settled={!told.isPending} />}
    </div>
  );
}

const ruleOf = (alert: StandingAlert | undefined, rules: readonly Rule[] | undefined): Rule | undefined => rules?.find((one) => one.name === alert?.labels.alertname);

/** All is well only as far as the rules can be evaluated. */
function NothingFiring({ rules }: { rules: readonly Rule[] | undefined }) {
  const failing = rules?.filter((rule) => rule.health === "err").length ?? 0;
  return failing > 0 ? (
    <EmptyState icon={<AlertIcon />} title={`Nothing is firing, but ${failing === 1 ? "a rule fails" : `${failing} rules fail`}`} within>
      <p>What it watches is not known until it can be evaluated again. Below stands why it fails.</p>
    </EmptyState>
  ) : (
    <EmptyState icon={<CheckIcon />} title="Nothing is firing" within>
      <p>An alert stands here as soon as the condition of one of the rules below holds.</p>
    </EmptyState>
  );
}

function NothingMatches() {
  return (
    <EmptyState title="No alert matches" within>
      <p>Labels, summaries and descriptions are searched.</p>
      <p><button type="button" className={textButton.button} onClick={() => ["find", "state", "receiver", "severity"].forEach((one) => put(one, ""))}>Show all alerts</button></p>
    </EmptyState>
  );
}
