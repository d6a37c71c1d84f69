import { TextInput } from "@mantine/core";
import fields from "../../parts/Fields.module.css";
import { CloseIcon, DownIcon, UpIcon } from "../../parts/icons";
import textButton from "../../parts/TextButton.module.css";
import { Tokens } from "../../parts/Tokens";
import type { NamedCheck } from "../../uptime/useCheckNames";
import { EMPTY_GROUP, moved, readTags, takesNothing, writeTags, type PageGroup } from "./page";
import styles from "./PageEditor.module.css";

interface GroupsEditorProps {
  groups: readonly PageGroup[];
  /** The checks of each. */
  placed: ReadonlyArray<readonly NamedCheck[]>;
  checks: readonly NamedCheck[];
  problem: string | undefined;
  onChange: (groups: PageGroup[]) => void;
}

const FIRST = 10;
const MOST = 100;

/** Which checks are shown, under which headings. */
export function GroupsEditor({ groups, placed, checks, problem, onChange }: GroupsEditorProps) {
  const set = (at: number, part: Partial<PageGroup>): void => onChange(groups.map((one, i) => (i === at ? { ...one, ...part } : one)));
  const known = [...new Set(checks.map((one) => one.group).filter(Boolean))].sort();
  const tags = [...new Set(checks.flatMap((one) => writeTags(one.tags)))].sort();
  return (
    <section className={styles.part}>
      <h2>Checks</h2>
      {groups.map((group, at) => (
        <fieldset key={at} className={styles.group}>
          <legend>{group.name || `Group ${at + 1}`}</legend>
          <div className={styles.groupTools}>
            <button type="button" aria-label={`Move group ${at + 1} up`} title="Up" disabled={at === 0} onClick={() => onChange(moved(groups, at, -1))}><UpIcon /></button>
            <button type="button" aria-label={`Move group ${at + 1} down`} title="Down" disabled={at === groups.length - 1} onClick={() => onChange(moved(groups, at, 1))}><DownIcon /></button>
            <button type="button" aria-label={`Remove group ${at + 1}`} title="Remove" onClick={() => onChange(groups.filter((_, i) => i !== at))}><CloseIcon /></button>
          </div>
          <TextInput label="Heading" placeholder={groups.length === 1 ? "None" : "Web shop"} value={group.name} onChange={(event) => set(at, { name: event.currentTarget.value })} />
          <Tokens label="Checks" placeholder="By name, in this order" values={group.checks} offers={checks.map((one) => one.name)} onChange={(names) => set(at, { checks: names })} />
          <div className={styles.pair}>
            <Tokens label="Groups of checks" placeholder="* is every check" values={group.groups} offers={["*", ...known]} onChange={(its) => set(at, { groups: its })} />
            <Tokens label="Tags" placeholder="team:web" values={writeTags(group.tags)} offers={tags} onChange={(texts) => set(at, { tags: readTags(texts) })} />
          </div>
          <p className={styles.quiet} role="status">{sayPlaced(group, placed[at] ?? [])}</p>
          <label className={fields.checkbox}><input type="checkbox" checked={group.collapsed} onChange={(event) => set(at, { collapsed: event.currentTarget.checked })} /> Folded while all of it is well</label>
        </fieldset>
      ))}
      {problem && <p className={styles.problem} role="alert">{problem}</p>}
      {groups.length < MOST && <button type="button" className={textButton.button} onClick={() => onChange([...groups, EMPTY_GROUP])}>Add a group</button>}
    </section>
  );
}

function sayPlaced(group: PageGroup, checks: readonly NamedCheck[]): string {
  if (takesNothing(group)) return "It takes no check yet.";
  if (checks.length === 0) return "It shows no check now; those that match are shown when they come.";
  const names = checks.slice(0, FIRST).map((one) => one.name).join(", ");
  return `It shows ${checks.length.toLocaleString("en-GB")} ${checks.length === 1 ? "check" : "checks"} now: ${names}${checks.length > FIRST ? ` and ${(checks.length - FIRST).toLocaleString("en-GB")} more` : ""}.`;
}
