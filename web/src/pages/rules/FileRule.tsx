import { Button } from "@mantine/core";
import { useMemo } from "react";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { RuleIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { visit } from "../../shell/address";
import { printDuration, sayDuration } from "../../time/duration";
import type { BacktestQuestion } from "./backtest";
import { BacktestView } from "./BacktestView";
import { comparedOf } from "./comparison";
import styles from "./RuleEditor.module.css";
import { RuleFacts } from "./RuleFacts";
import { useRuleGroups } from "./store";
import { useBacktestRange } from "./useBacktestRange";
import { useListed } from "./useListed";

/** A rule of a file: how it does and what it would have done. It is changed where it stands. */
export function FileRule({ name, file, group }: { name: string; file: string; group: string }) {
  const groups = useRuleGroups();
  const listed = useListed().find((one) => one.file === file && one.group === group && one.name === name);
  const late = useLate(groups.isPending);
  useBacktestRange();
  const asked = listed && !listed.isRecording ? JSON.stringify({
    rule: {
      alert: name, expr: listed.rule.query, for: printDuration(listed.rule.duration ?? 0), keep_firing_for: printDuration(listed.rule.keepFiringFor ?? 0),
      labels: listed.rule.labels, annotations: listed.rule.annotations ?? {},
    },
    interval: printDuration(listed.interval),
  }) : "";
  const question = useMemo(() => (asked ? (JSON.parse(asked) as BacktestQuestion) : null), [asked]);
  if (!groups.data) return groups.error ? <Failure failure={groups.error} /> : late ? <Placeholder height={320} /> : null;
  if (!listed) {
    return (
      <EmptyState icon={<RuleIcon />} title={`There is no rule named ${name} in this file`}>
        <p><code>{file}</code>, group <code>{group}</code>, may have changed. <Link to="/rules">See all rules</Link></p>
      </EmptyState>
    );
  }
  const { rule } = listed;
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <div className={styles.names}>
          <h1>{name}</h1>
          <RuleFacts listed={listed} where={listed.isRecording ? "Recording rule of a file" : "Of a file"} />
        </div>
        {!listed.isRecording && (
          <div className={styles.tools}>
            <Button variant="default" onClick={() => visit("/rules/+", { like: name, file, group })} title="A rule of its own, which can be changed here">Copy to the catalog</Button>
          </div>
        )}
      </div>
      <div className={styles.columns}>
        <dl className={styles.said}>
          <div><dt>{listed.isRecording ? "Expression" : "Condition"}</dt><dd><pre><code>{rule.query}</code></pre></dd></div>
          {!listed.isRecording && <div><dt>Holds for</dt><dd>{rule.duration ? sayDuration(rule.duration) : "at once"}{rule.keepFiringFor ? `, and goes on firing for ${sayDuration(rule.keepFiringFor)}` : ""}</dd></div>}
          {[...Object.entries(rule.labels).map(([key, value]) => [`label ${key}`, value] as const), ...Object.entries(rule.annotations ?? {})].map(([key, value]) => <div key={key}><dt>{key}</dt><dd>{value}</dd></div>)}
          <div><dt>Stands in</dt><dd><code>{file}</code>, group <code>{group}</code>, every {sayDuration(listed.interval)}. Change it there; Sightline reads the file again on reload.</dd></div>
        </dl>
        {!listed.isRecording && <BacktestView question={question} earlier={null} compared={comparedOf(rule.query)} />}
      </div>
    </div>
  );
}
