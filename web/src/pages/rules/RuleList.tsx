import { TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useMemo } from "react";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import { Choices } from "../../parts/Choices";
import { EmptyState } from "../../parts/EmptyState";
import { AlertIcon, RuleIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import list from "../../parts/ListPage.module.css";
import table from "../../parts/LongTable.module.css";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { VirtualRows } from "../../parts/VirtualRows";
import { useAlerts } from "../../series/useAlerts";
import { put, useAddress } from "../../shell/address";
import { sayDuration } from "../../time/duration";
import { CATALOG, countOf, findingWord, listedOf, matching, pathOf, worstFinding, type Listed, type Shown } from "./ruleList";
import styles from "./RuleList.module.css";
import { RuleState } from "./RuleState";
import { useRadar, useRuleGroups, useStoredRules } from "./store";

const CHOICES: ReadonlyArray<readonly [Shown, string]> = [["all", "All"], ["active", "Active"], ["failing", "Failing"], ["found", "Suspect"], ["off", "Off"]];
const ROW = 60;
const CARD = 96;

/** All rules by urgency: of the catalog, which can be changed here, and of files. */
export function RuleList() {
  const groups = useRuleGroups();
  const stored = useStoredRules();
  const radar = useRadar();
  const alerts = useAlerts();
  const { search } = useAddress();
  const late = useLate(groups.isPending);
  const failure = useStandingFailure(groups.error, groups.data !== undefined);
  const cards = useMediaQuery("(max-width: 999px)", false, { getInitialValueInEffect: false });
  const all = useMemo(
    () => listedOf(groups.data?.groups ?? [], stored.data ?? [], radar.data?.look.found ?? [], alerts.data ?? []),
    [groups.data, stored.data, radar.data, alerts.data],
  );
  const shown = CHOICES.find(([choice]) => choice === search.get("show"))?.[0] ?? "all";
  const text = search.get("find") ?? "";
  const rows = useMemo(() => matching(all, shown, text), [all, shown, text]);
  if (!groups.data || (all.length === 0 && stored.isPending)) {
    return <Awaited title="Rules" failure={failure} late={late} height={320} />;
  }
  const { problems } = groups.data;
  const counted = CHOICES.map(([choice, word]) => [choice, word, (choice !== "all" && countOf(all, choice)) || undefined] as const);
  return (
    <div className={table.page}>
      <div className={list.head}>
        <h1>Rules <span className={list.count}>{all.length > 0 ? all.length.toLocaleString("en") : ""}</span></h1>
        <div className={`${list.tools} ${table.tools} ${styles.tools}`}>
          {all.length > 0 && (
            <>
              <Choices label="Which rules" choices={counted} chosen={shown} onChoose={(choice) => put("show", choice === "all" ? "" : choice)} />
              <TextInput aria-label="Find a rule" placeholder="Find by name, condition, label or file" type="search" className={styles.find} value={text} onChange={(event) => put("find", event.currentTarget.value)} />
            </>
          )}
          <NewRuleButton />
        </div>
      </div>
      {problems.length > 0 && <Problems problems={problems} />}
      {all.length === 0 ? (
        <EmptyState icon={<RuleIcon />} title="No rules yet" within>
          <p>A rule says what must not last, such as a disk that is nearly full. Whoever is on duty is told, and need not watch charts.</p>
          <p>Write one here, or name files in Prometheus' format under <code>rules.files</code> of the settings.</p>
        </EmptyState>
      ) : rows.length === 0 ? (
        <EmptyState icon={<RuleIcon />} title={NOTHING[shown]} within>
          <p>{text ? "Names, conditions, labels, groups and files are searched." : shown === "found" ? radarWords(radar.isPending) : "Choose All to see the others."}</p>
        </EmptyState>
      ) : (
        <VirtualRows
          count={rows.length}
          rowHeight={cards ? CARD : ROW}
          className={table.frame}
          role="table"
          label="Rules"
          head={<Head />}
          render={(at) => <Row key={(rows[at] as Listed).key} listed={rows[at] as Listed} at={at} />}
        />
      )}
      {radar.error && <p className={styles.remark}>What the radar finds of rules cannot be read: {radar.error.message}</p>}
      {radar.data?.warnings.map((warning) => <p key={warning} className={styles.remark}>{warning}</p>)}
      {stored.error && <p className={styles.remark}>Rules that are off cannot be read: {stored.error.message}</p>}
    </div>
  );
}

const NOTHING: Record<Shown, string> = { all: "No rule matches", active: "No rule is active", failing: "No rule fails", found: "No rule is suspect", off: "No rule is off" };

const radarWords = (pending: boolean): string =>
  pending ? "The radar still looks whether rules watch what is there." : "All rules watch series that are there, and none fires always or again and again.";

export function NewRuleButton() {
  return <LinkButton main to="/rules/+">New rule</LinkButton>;
}

/** What is wrong with rule files: a few are shown, of many first their number. */
function Problems({ problems }: { problems: readonly string[] }) {
  return (
    <details className={styles.problems} open={problems.length <= 3}>
      <summary><AlertIcon /> {problems.length === 1 ? "1 problem" : `${problems.length} problems`} with rule files</summary>
      <ul>{problems.map((problem) => <li key={problem}>{problem}</li>)}</ul>
    </details>
  );
}

function Head() {
  return (
    <div className={`${table.headRow} ${styles.columns}`} role="row" aria-rowindex={1}>
      <span role="columnheader">State</span>
      <span role="columnheader">Rule</span>
      <span role="columnheader">Condition</span>
      <span role="columnheader">Alerts</span>
      <span role="columnheader">Evaluated</span>
    </div>
  );
}

function Row({ listed, at }: { listed: Listed; at: number }) {
  const { rule, name, isRecording } = listed;
  const { path, extra } = pathOf(listed);
  const where = listed.file === CATALOG ? (listed.origin === "built-in" ? "Built in" : listed.origin === "changed" ? "Built in, changed" : "Catalog") : `${baseName(listed.file)} · ${listed.group}`;
  return (
    <div className={`${table.row} ${styles.columns} ${styles.row}`} role="row" aria-rowindex={at + 2} data-off={!listed.enabled || undefined}>
      <span role="cell" className={table.states}><RuleState listed={listed} /></span>
      <span role="rowheader" className={table.who}>
        <Link to={path} find={extra} className={table.name} title={name}>{name}</Link>
        <span className={table.quiet} title={listed.file === CATALOG ? undefined : `${listed.file}, group ${listed.group}: changed in the file`}>
          {rule.labels.severity && !isRecording ? `${rule.labels.severity} · ${where}` : where}
        </span>
      </span>
      <span role="cell" className={`${table.what} ${styles.what}`}>
        <code className={`${styles.query} ${table.short}`} title={rule.query}>{rule.query || "–"}</code>
        <Remark listed={listed} />
      </span>
      <span role="cell" className={`${table.cell} ${styles.aside}`}>
        {listed.alerts > 0 ? <>{listed.alerts.toLocaleString("en")}{listed.since !== null && <span className={table.quiet}><Ago time={listed.since} ongoing /></span>}</> : <span className={table.quiet}>{isRecording ? "–" : "0"}</span>}
      </span>
      <span role="cell" className={`${table.cell} ${styles.aside}`}>
        {!listed.enabled ? <span className={table.quiet}>–</span> : rule.health === "unknown" ? <span className={table.quiet}>not yet</span> : (
          <>
            <Ago time={Date.parse(rule.lastEvaluation) / 1000} />
            <span className={table.quiet}>took {format("seconds", rule.evaluationTime)}</span>
          </>
        )}
      </span>
    </div>
  );
}

/** The one thing to know beside the condition: why it fails, what the radar found, else for how long it must hold. */
function Remark({ listed }: { listed: Listed }) {
  const { rule } = listed;
  const finding = worstFinding(listed);
  if (rule.lastError) return <span className={`${table.complaint} ${table.short}`} title={rule.lastError}>{rule.lastError}</span>;
  if (finding) {
    return (
      <span className={`${table.quiet} ${table.short}`} title={finding.message}>
        <span className={styles.badge}>{findingWord(finding, listed.yieldsNothing)}</span>
        {finding.message}
      </span>
    );
  }
  if (listed.isRecording) return <span className={`${table.quiet} ${table.short}`}>every {sayDuration(listed.interval)}</span>;
  return <span className={`${table.quiet} ${table.short}`}>{rule.duration ? `for ${sayDuration(rule.duration)}` : "at once"}</span>;
}

const baseName = (file: string): string => file.split("/").at(-1) ?? file;
