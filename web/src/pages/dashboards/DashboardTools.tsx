import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Dashboard, Stored } from "./dashboard";
import styles from "./DashboardTools.module.css";
import { Banner } from "../../parts/Banner";
import { Menu } from "../../parts/Menu";
import { yamlAddress } from "./store";
import { VariablesEditor } from "./VariablesEditor";

interface DashboardToolsProps {
  stored: Stored;
  draft: Dashboard;
  editing: boolean;
  editable: boolean;
  changed: boolean;
  busy: boolean;
  onEdit: () => void;
  onChange: (draft: Dashboard) => void;
  onSave: () => void;
  onDiscard: () => void;
  onCopy: () => void;
  onDelete: () => void;
}

/** The head of a dashboard: what it is, and what can be done with the whole of it. */
export function DashboardTools(props: DashboardToolsProps) {
  const { stored, draft, editing, editable, changed, busy } = props;
  const [deleting, setDeleting] = useState(false);
  if (editing) {
    return (
      <>
        <div className={styles.head}>
          <div className={styles.fields}>
            <TextInput label="Title" value={draft.title} error={draft.title.trim() ? null : "A dashboard needs a title"} onChange={(event) => props.onChange({ ...draft, title: event.currentTarget.value })} />
            <TextInput label="Description" value={draft.description} onChange={(event) => props.onChange({ ...draft, description: event.currentTarget.value })} />
          </div>
          <div className={styles.tools}>
            <Button disabled={!changed || !draft.title.trim()} loading={busy} onClick={props.onSave}>Save</Button>
            <Button variant="default" onClick={props.onDiscard}>{changed ? "Discard changes" : "Done"}</Button>
          </div>
        </div>
        <VariablesEditor variables={draft.variables} onChange={(variables) => props.onChange({ ...draft, variables })} />
      </>
    );
  }
  return (
    <>
      <div className={styles.head}>
        <div className={styles.names}>
          <h1>{draft.title}</h1>
          {draft.description && <p className={styles.description}>{draft.description}</p>}
        </div>
        <div className={styles.tools}>
          {editable ? <Button variant="default" onClick={props.onEdit}>Edit</Button> : <Button variant="default" loading={busy} onClick={props.onCopy} title={stored.file ? `It stands in ${stored.file}` : "It comes with Sightline"}>Copy to edit</Button>}
          <Menu label="More about this dashboard">
            <a href={yamlAddress(draft.name)} download={`${draft.name}.yaml`}>Export as YAML</a>
            {editable && <button type="button" onClick={props.onCopy}>Save a copy</button>}
            {editable && <button type="button" data-danger onClick={() => setDeleting(true)}>Delete…</button>}
          </Menu>
        </div>
      </div>
      {deleting && (
        <Banner question="Delete dashboard">
          <p>Delete “{draft.title}” with its {draft.panels.length === 1 ? "panel" : `${draft.panels.length} panels`}? The samples stay; the page does not come back.</p>
          <Button color="red" variant="outline" size="xs" loading={busy} onClick={props.onDelete}>Delete {draft.title}</Button>
          <Button variant="default" size="xs" autoFocus onClick={() => setDeleting(false)}>Keep it</Button>
        </Banner>
      )}
    </>
  );
}
