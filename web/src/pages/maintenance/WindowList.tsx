import { Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import cards from "../../parts/Cards.module.css";
import { EmptyState } from "../../parts/EmptyState";
import { FactList } from "../../parts/FactList";
import { ClockIcon, DotIcon, MaintenanceIcon, PauseIcon } from "../../parts/icons";
import { InTime } from "../../parts/InTime";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import list from "../../parts/ListPage.module.css";
import { Problem } from "../../parts/Problem";
import { StateWord } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { useWork } from "../../parts/useWork";
import { absoluteTime } from "../../time/words";
import { useCheckNames, type NamedCheck } from "../../uptime/useCheckNames";
import { covered, sayScope, sayWhen, type MaintenanceWindow } from "../../uptime/window";
import { end } from "../../uptime/windowStore";
import styles from "./WindowList.module.css";

type State = "active" | "planned" | "off" | "over";

const ORDER: readonly State[] = ["active", "planned", "off", "over"];
const TITLES: Record<State, string> = { active: "Active now", planned: "Planned", off: "Switched off", over: "Over" };

const stateOf = (window: MaintenanceWindow): State => (window.active ? "active" : !window.enabled ? "off" : window.next_start !== null ? "planned" : "over");

/** Which windows are active, come and came. */
export function WindowList({ windows: { data, error, isPending } }: { windows: UseQueryResult<MaintenanceWindow[]> }) {
  const checks = useCheckNames().data;
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  if (!data) {
    return <Awaited title="Maintenance" failure={failure} late={late} height={160} />;
  }
  if (data.length === 0) return <NoWindows />;
  return (
    <div className={styles.page}>
      <div className={list.head}>
        <h1>Maintenance</h1>
        <div className={list.tools}><LinkButton main to="/maintenance/+">Plan maintenance</LinkButton></div>
      </div>
      {!data.some((one) => one.active) && <p className={cards.quiet}>Nothing is in maintenance now.</p>}
      {ORDER.map((state) => <Section key={state} state={state} windows={data.filter((one) => stateOf(one) === state)} checks={checks} />)}
    </div>
  );
}

function Section({ state, windows, checks }: { state: State; windows: readonly MaintenanceWindow[]; checks: readonly NamedCheck[] | undefined }) {
  if (windows.length === 0) return null;
  const next = (one: MaintenanceWindow): string => one.active_until ?? one.next_start ?? "";
  const sorted = windows.toSorted((a, b) => next(a).localeCompare(next(b)) || a.name.localeCompare(b.name));
  return (
    <section className={cards.section} aria-label={TITLES[state]}>
      <h2>{TITLES[state]} <span className={list.count}>{windows.length.toLocaleString("en-GB")}</span></h2>
      <ul className={cards.list}>{sorted.map((one) => <Row key={one.id} window={one} state={state} checks={checks} />)}</ul>
    </section>
  );
}

function Row({ window, state, checks }: { window: MaintenanceWindow; state: State; checks: readonly NamedCheck[] | undefined }) {
  const work = useWork("windows");
  const its = checks && covered(window.scope, checks);
  const scope = sayScope(window.scope);
  return (
    <li className={`${cards.card} ${cards.edged} ${styles.window}`} data-state={state}>
      <span>{WORDS[state]}</span>
      <div className={`${cards.what} ${styles.what}`}>
        <h3><Link to={`/maintenance/${window.id}`}>{window.name}</Link></h3>
        <p>{sayWhen(window, (time) => absoluteTime(time).slice(0, 16))}</p>
        {window.description && <p className={`${cards.quiet} ${cards.long}`} title={window.description}>{window.description}</p>}
        <Problem problem={work.problem} />
      </div>
      <FactList className={styles.facts}>
        {window.active_until !== null && <div><dt>Ends</dt><dd><InTime time={Date.parse(window.active_until) / 1000} /></dd></div>}
        {window.next_start !== null && <div><dt>{window.active ? "Again" : "Begins"}</dt><dd><InTime time={Date.parse(window.next_start) / 1000} /></dd></div>}
        {state === "over" && window.ends_at && <div><dt>Ended</dt><dd><Ago time={Date.parse(window.ends_at) / 1000} /></dd></div>}
        <div><dt>Covers</dt><dd title={its?.slice(0, 40).map((one) => one.name).join("\n")}><span className={cards.long}>{scope}</span>{its && !window.scope.all && <span className={cards.quiet}>{its.length.toLocaleString("en-GB")} {its.length === 1 ? "check" : "checks"} now</span>}</dd></div>
        <div><dt>Readers</dt><dd>{window.public ? "see it on status pages" : "do not see it"}</dd></div>
      </FactList>
      <div className={cards.actions}>
        <LinkButton to={`/maintenance/${window.id}`} label={`Edit ${window.name}`}>Edit</LinkButton>
        {window.active && <Button size="xs" variant="default" loading={work.busy} aria-label={`End now ${window.name}`} onClick={() => void work.attempt(() => end(window.id))}>End now</Button>}
      </div>
    </li>
  );
}

const WORDS = {
  active: <StateWord tone="warning" icon={MaintenanceIcon}>Active</StateWord>,
  planned: <StateWord tone="neutral" icon={ClockIcon}>Planned</StateWord>,
  off: <StateWord tone="neutral" icon={PauseIcon}>Off</StateWord>,
  over: <StateWord tone="neutral" icon={DotIcon}>Over</StateWord>,
};

function NoWindows() {
  return (
    <EmptyState icon={<MaintenanceIcon />} title="No maintenance is planned">
      <p>A window tells when checks may fail without disturbing anybody: once, during a move, or every Sunday night. They are probed on; nobody is told, and uptime does not count it.</p>
      <p><LinkButton main to="/maintenance/+">Plan maintenance</LinkButton></p>
    </EmptyState>
  );
}
