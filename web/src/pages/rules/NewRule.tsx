import { Failure } from "../../parts/Failure";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useAddress, visit } from "../../shell/address";
import { draftOf, draftOfFileRule, NEW_DRAFT, type Draft } from "./rule";
import { RuleEditor } from "./RuleEditor";
import styles from "./RuleEditor.module.css";
import { CATALOG } from "./ruleList";
import { useRuleGroups, useStoredRules } from "./store";

/** A rule that begins as nothing, or with `like` in the address as another one, of the catalog or of a `file` and `group`. */
export function NewRule() {
  const { search } = useAddress();
  const like = search.get("like");
  if (like !== null) return <Copied like={like} file={search.get("file") ?? CATALOG} group={search.get("group") ?? ""} />;
  const expr = search.get("expr");
  return <Begun initial={expr ? { ...NEW_DRAFT, simple: false, expr } : NEW_DRAFT} />;
}

function Copied({ like, file, group }: { like: string; file: string; group: string }) {
  const groups = useRuleGroups();
  const stored = useStoredRules();
  const late = useLate(groups.isPending || stored.isPending);
  if (!groups.data || !stored.data) {
    const error = groups.error ?? stored.error;
    return error ? <Failure failure={error} /> : late ? <Placeholder height={320} /> : null;
  }
  const taken = new Set(stored.data.map((one) => one.rule.name));
  if (file === CATALOG) {
    const found = stored.data.find((one) => one.rule.name === like);
    return <Begun initial={found ? { ...draftOf(found.rule), name: free(like, taken) } : NEW_DRAFT} />;
  }
  const rule = groups.data.groups.find((one) => one.file === file && one.name === group)?.rules.find((one) => one.name === like && one.type === "alerting");
  return <Begun initial={rule ? { ...draftOfFileRule({ duration: 0, annotations: {}, ...rule }), name: free(like, taken) } : NEW_DRAFT} />;
}

function Begun({ initial }: { initial: Draft }) {
  return (
    <RuleEditor
      initial={initial}
      stored={null}
      head={<div className={styles.names}><h1>New rule</h1></div>}
      onSaved={(stored) => visit(`/rules/${encodeURIComponent(stored.rule.name)}`, {}, { replace: true, sure: true })}
    />
  );
}

function free(name: string, taken: ReadonlySet<string>): string {
  for (let number = 2; taken.has(name); number += 1) {
    const next = `${name.replace(/\d+$/, "")}${number}`;
    if (!taken.has(next)) return next;
  }
  return name;
}
