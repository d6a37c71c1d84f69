import { Choices } from "../../parts/Choices";
import { Tokens } from "../../parts/Tokens";
import { useCheckNames, type NamedCheck } from "../../uptime/useCheckNames";
import { covered, type Scope } from "../../uptime/window";
import styles from "./WindowDrawer.module.css";

const FIRST = 8;

/** Which checks it covers, and which these are now. */
export function ScopeFields({ scope, problem, onChange }: { scope: Scope; problem: string | undefined; onChange: (scope: Scope) => void }) {
  const checks = useCheckNames().data ?? [];
  return (
    <section className={styles.part}>
      <h3>Which checks</h3>
      <Choices label="Which checks" choices={[["all", "All"], ["some", "Some"]]} chosen={scope.all ? "all" : "some"} onChoose={(choice) => onChange({ ...scope, all: choice === "all" })} />
      {!scope.all && (
        <>
          <Tokens label="Checks" placeholder="By name" values={scope.checks} offers={checks.map((one) => one.name)} onChange={(names) => onChange({ ...scope, checks: names })} />
          <Tokens label="Groups" placeholder="All checks of a group" values={scope.groups} offers={groupsOf(checks)} onChange={(groups) => onChange({ ...scope, groups })} />
          <Tokens label="Tags" placeholder="env:prod, or env for any value" values={scope.tags} offers={tagsOf(checks)} onChange={(tags) => onChange({ ...scope, tags })} />
        </>
      )}
      {problem ? <p className={styles.problem} role="alert">{problem}</p> : <Covered its={covered(scope, checks)} all={checks.length} />}
    </section>
  );
}

function Covered({ its, all }: { its: readonly NamedCheck[]; all: number }) {
  if (all === 0) return <p className={styles.quiet}>There are no checks yet; those that come are covered when they match.</p>;
  if (its.length === all) return <p className={styles.quiet} role="status">{all === 1 ? "The one check that there is now" : `All ${all.toLocaleString("en-GB")} checks that there are now`}, and others that come and match.</p>;
  const names = its.slice(0, FIRST).map((one) => one.name).join(", ");
  return <p className={styles.quiet} role="status">{its.length === 0 ? "It would cover no check now." : `It would cover ${its.length.toLocaleString("en-GB")} of ${all.toLocaleString("en-GB")} ${all === 1 ? "check" : "checks"} now: ${names}${its.length > FIRST ? ` and ${(its.length - FIRST).toLocaleString("en-GB")} more` : ""}.`}</p>;
}

export const groupsOf = (checks: readonly NamedCheck[]): string[] => [...new Set(checks.map((one) => one.group).filter(Boolean))].sort();
const tagsOf = (checks: readonly NamedCheck[]): string[] => [...new Set(checks.flatMap((one) => Object.entries(one.tags).map(([key, value]) => `${key}:${value}`)))].sort();
