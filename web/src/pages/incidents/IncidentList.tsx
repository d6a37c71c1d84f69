import { useMemo } from "react";
import { Awaited } from "../../parts/Awaited";
import cards from "../../parts/Cards.module.css";
import { Choices } from "../../parts/Choices";
import { EmptyState } from "../../parts/EmptyState";
import { AlertIcon, CheckIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import list from "../../parts/ListPage.module.css";
import { Select } from "../../parts/Select";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { put, useAddress } from "../../shell/address";
import { causesOf, lasts, type Cause, type Incident } from "../../uptime/incident";
import { MOST_OPEN, PAGE, useIncidents } from "../../uptime/store";
import { useCheckNames, type NamedCheck } from "../../uptime/useCheckNames";
import { CauseRows } from "./CauseRows";
import styles from "./IncidentList.module.css";
import { IncidentTimeline } from "./IncidentTimeline";

/** What is not well, and what was not: open ones first, each beneath what it follows from. */
export function IncidentList() {
  const { search } = useAddress();
  const isOpenOnly = search.get("show") === "open";
  const check = search.get("check") ?? "";
  const before = search.get("before") ?? "";
  const open = useIncidents({ open: true, check, limit: MOST_OPEN });
  const all = useIncidents({ check, before, limit: PAGE }, !isOpenOnly);
  const checks = useCheckNames();
  const names = useMemo(() => new Map(checks.data?.map((one) => [one.id, one.name])), [checks.data]);
  const asked = isOpenOnly ? open : all;
  const isPending = open.isPending || asked.isPending;
  const late = useLate(isPending);
  const outdated = useLate(open.isPlaceholderData || asked.isPlaceholderData);
  const failure = useStandingFailure(open.error ?? asked.error, open.data !== undefined && asked.data !== undefined);
  // What lasts is shown on the first page, however old it is.
  const found = useMemo(() => (isOpenOnly || before === "" ? [...(open.data ?? []), ...(isOpenOnly ? [] : (all.data ?? []))] : (all.data ?? [])), [open.data, all.data, isOpenOnly, before]);
  const causes = useMemo(() => causesOf(found), [found]);
  if (!open.data || !asked.data) {
    return <Awaited title="Incidents" failure={failure} late={late} height={240} />;
  }
  if (found.length === 0 && !check && !before && !isOpenOnly) return <NoIncidents />;
  const last = all.data?.at(-1);
  const isMore = !isOpenOnly && (all.data?.length ?? 0) === PAGE && last !== undefined;
  return (
    <div className={styles.page} data-outdated={outdated || undefined}>
      <div className={list.head}>
        <h1>Incidents</h1>
        <Choices label="Shown" choices={[["all", "All"], ["open", "Open", open.data.length]]} chosen={isOpenOnly ? "open" : "all"} onChoose={(choice) => { put("before", ""); put("show", choice === "open" ? "open" : ""); }} />
        <div className={`${list.tools} ${styles.tools}`}>
          <CheckChoice check={check} checks={checks.data ?? []} />
          <LinkButton main to="/incidents/+">Write an incident</LinkButton>
        </div>
      </div>
      {causes.length === 0 && <NothingHere isOpenOnly={isOpenOnly} check={check} />}
      <Section title="Open" causes={causes.filter(lasts)} names={names} />
      <IncidentTimeline check={check} names={names} />
      <Section title="Over" causes={causes.filter((one) => !lasts(one))} names={names} />
      {(isMore || before !== "") && (
        <nav className={styles.paging} aria-label="Pages">
          {before !== "" && <LinkButton to="/incidents" find={check ? { check } : {}}>Newest</LinkButton>}
          {isMore && <LinkButton to="/incidents" find={{ ...(check ? { check } : {}), before: String(last.id) }}>Older incidents</LinkButton>}
        </nav>
      )}
    </div>
  );
}

function Section({ title, causes, names }: { title: string; causes: readonly Cause[]; names: ReadonlyMap<number, string> }) {
  if (causes.length === 0) return null;
  const incidents = causes.flatMap(({ root, parts }) => [root, ...parts]);
  const count = incidents.filter((one) => (one.ended_at === null) === (title === "Open")).length;
  return (
    <section className={`${cards.section} ${styles.section}`} aria-label={`${title} incidents`}>
      <h2>{title} <span className={list.count}>{count.toLocaleString("en-GB")}</span></h2>
      <ul className={cards.list}>{causes.map((one) => <CauseRows key={one.root.id} cause={one} names={names} />)}</ul>
    </section>
  );
}

/** Of which check; what is chosen is offered even where it is there no more. */
function CheckChoice({ check, checks }: { check: string; checks: readonly NamedCheck[] }) {
  const offered = checks.map((one) => [String(one.id), one.name] as const);
  const known = check === "" || offered.some(([id]) => id === check);
  return <Select label="Check" value={check} options={[["", "Every check"], ...offered, ...(known ? [] : [[check, `Check ${check}`] as const])]} onChange={(value) => { put("before", ""); put("check", value); }} />;
}

function NothingHere({ isOpenOnly, check }: { isOpenOnly: boolean; check: string }) {
  return (
    <EmptyState icon={<CheckIcon />} title={isOpenOnly ? "Nothing is wrong now" : "No incident here"} within>
      <p>{isOpenOnly ? "An incident opens as soon as a check is down, degraded or cannot be reached, and ends when it is well again." : check ? "This check had none, or they were longer ago than is kept." : "There are none before those that you saw."}</p>
      <p><Link to="/incidents">Show all incidents</Link></p>
    </EmptyState>
  );
}

function NoIncidents() {
  return (
    <EmptyState icon={<AlertIcon />} title="There was no incident yet">
      <p>An incident stands here from when a check is down, degraded or unreachable until it is well again: why, what follows from it, who was told and what was done.</p>
      <p><LinkButton main to="/checks">See the checks</LinkButton></p>
      <p><Link to="/incidents/+">Write an incident</Link> for your status pages about what no check sees.</p>
    </EmptyState>
  );
}

export const nameOf = (incident: Incident, names: ReadonlyMap<number, string>): string | null => (incident.check === null ? null : (names.get(incident.check) ?? null));
