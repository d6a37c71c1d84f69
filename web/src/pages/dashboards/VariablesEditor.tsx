import { Button, TextInput } from "@mantine/core";
import type { Variable } from "./dashboard";
import styles from "./VariablesEditor.module.css";

const BLANK: Variable = { name: "", metric: "", label: "", title: "", all: false };

/** The choices that a dashboard offers, and where their values come from. */
export function VariablesEditor({ variables, onChange }: { variables: readonly Variable[]; onChange: (variables: Variable[]) => void }) {
  const change = (at: number, part: Partial<Variable>): void => onChange(variables.map((one, i) => (i === at ? { ...one, ...part } : one)));
  return (
    <details className={styles.place} open={variables.length > 0}>
      <summary>Variables <span className={styles.count}>{variables.length || "none"}</span></summary>
      {variables.map((variable, at) => (
        <div key={at} className={styles.row}>
          <TextInput label="Name" placeholder="instance" value={variable.name} onChange={(event) => change(at, { name: event.currentTarget.value })} />
          <TextInput label="Metric" placeholder="node_uname_info" value={variable.metric} onChange={(event) => change(at, { metric: event.currentTarget.value })} />
          <TextInput label="Label" placeholder="instance" value={variable.label} onChange={(event) => change(at, { label: event.currentTarget.value })} />
          <TextInput label="Title" placeholder="Host" value={variable.title} onChange={(event) => change(at, { title: event.currentTarget.value })} />
          <label className={styles.all}><input type="checkbox" checked={variable.all} onChange={(event) => change(at, { all: event.currentTarget.checked })} /> All at once, with =~</label>
          <Button size="xs" variant="default" onClick={() => onChange(variables.filter((_, i) => i !== at))}>Remove</Button>
        </div>
      ))}
      <p className={styles.hint}>A variable stands in queries as <code>$name</code>, such as <code>{'up{instance="$instance"}'}</code>. <code>$__rate_interval</code>, <code>$__interval</code> and <code>$__range</code> are always there.</p>
      <Button size="xs" variant="default" onClick={() => onChange([...variables, BLANK])}>Add variable</Button>
    </details>
  );
}
