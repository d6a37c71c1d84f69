import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiFailure } from "../../api/failure";
import { Banner } from "../../parts/Banner";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { RuleIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Menu } from "../../parts/Menu";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { visit } from "../../shell/address";
import { draftOf, type Origin, type Stored } from "./rule";
import { RuleEditor } from "./RuleEditor";
import styles from "./RuleEditor.module.css";
import { RuleFacts } from "./RuleFacts";
import { CATALOG } from "./ruleList";
import { act, remove, useStoredRule } from "./store";
import { useListed } from "./useListed";

const ORIGINS: Record<Origin, string> = { "built-in": "Comes with Sightline", changed: "Comes with Sightline, changed", saved: "Of the catalog" };

/** A rule of the catalog, to look at and to change. */
export function RulePage({ name }: { name: string }) {
  const { data, error, isPending } = useStoredRule(name);
  const late = useLate(isPending);
  if (data) return <Opened stored={data} />;
  if (error instanceof ApiFailure && error.code === "not_found") {
    return (
      <EmptyState icon={<RuleIcon />} title={`There is no rule named ${name}`}>
        <p>It may have been deleted, or stand in a file. <Link to="/rules">See all rules</Link></p>
      </EmptyState>
    );
  }
  return error ? <Failure failure={error} /> : late ? <Placeholder height={320} /> : null;
}

/** What was opened stays the ground of all changes, until it is saved or given up. */
function Opened({ stored: found }: { stored: Stored }) {
  const client = useQueryClient();
  const { name } = found.rule;
  const [base, setBase] = useState(found);
  const [turn, setTurn] = useState(0);
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Error | null>(null);
  const listed = useListed().find((one) => one.file === CATALOG && one.name === name);
  const take = (next: Stored): void => {
    client.setQueryData(["rule", name], next);
    setBase(next);
  };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await work();
      await client.invalidateQueries({ queryKey: ["rules", "stored"] });
      void client.invalidateQueries({ queryKey: ["rules", "groups"] });
    } catch (reason) {
      setFailure(reason instanceof Error ? reason : new Error(String(reason)));
    }
    setBusy(false);
  };
  const switched = (action: "enable" | "disable" | "restore"): Promise<void> => attempt(async () => {
    take(await act(name, action));
    setTurn((old) => old + 1);
  });
  return (
    <RuleEditor
      // Switched on or off, or restored, it is another rule than the one in the form.
      key={turn}
      initial={draftOf(base.rule)}
      stored={base}
      head={
        <div className={styles.names}>
          <h1>{name}</h1>
          {listed && <RuleFacts listed={listed} where={ORIGINS[base.origin]} />}
          {failure && <p className={styles.error} role="alert">{failure.message}</p>}
          {asks && (
            <Banner question="Delete rule">
              <p>Delete “{name}”? Its alerts end, and it does not come back. To pause it, switch it off.</p>
              <Button color="red" variant="outline" size="xs" loading={busy} onClick={() => void attempt(async () => { await remove(name); client.removeQueries({ queryKey: ["rule", name] }); visit("/rules", {}, { sure: true }); })}>Delete {name}</Button>
              <Button variant="default" size="xs" autoFocus onClick={() => setAsks(false)}>Keep it</Button>
            </Banner>
          )}
        </div>
      }
      menu={
        <Menu label="More about this rule">
          <button type="button" onClick={() => void switched(base.rule.enabled ? "disable" : "enable")}>{base.rule.enabled ? "Switch off" : "Switch on"}</button>
          <button type="button" onClick={() => visit("/rules/+", { like: name })}>Copy</button>
          {base.origin === "changed" && <button type="button" onClick={() => void switched("restore")}>Restore as it came</button>}
          {base.origin === "saved" && <button type="button" data-danger onClick={() => setAsks(true)}>Delete…</button>}
        </Menu>
      }
      onSaved={take}
    />
  );
}
