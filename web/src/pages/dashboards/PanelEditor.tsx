import { Button, TextInput } from "@mantine/core";
import { UNITS } from "../../charts/units";
import { Drawer } from "../../parts/Drawer";
import { QueryEditor } from "../../promql/QueryEditor";
import type { PanelKind, PanelQuery, PanelSpec } from "./dashboard";
import styles from "./PanelEditor.module.css";
import { PanelView } from "./PanelView";

interface PanelEditorProps {
  panel: PanelSpec;
  values: Readonly<Record<string, string>>;
  onChange: (panel: PanelSpec) => void;
  onClose: () => void;
}

const KINDS: ReadonlyArray<readonly [PanelKind, string]> = [
  ["chart", "Chart over time"],
  ["stat", "Latest figure"],
  ["table", "Table of latest figures"],
];
const MOST_QUERIES = 26;

/** One panel in a drawer: every change is seen at once, in the preview and on the page behind. */
export function PanelEditor({ panel, values, onChange, onClose }: PanelEditorProps) {
  const set = (part: Partial<PanelSpec>): void => onChange({ ...panel, ...part });
  const setQuery = (at: number, part: Partial<PanelQuery>): void => set({ queries: panel.queries.map((one, i) => (i === at ? { ...one, ...part } : one)) });
  return (
    <Drawer label={`Panel ${panel.title || "Untitled"}`} onClose={onClose} head={<h2 className={styles.title}>{panel.title || "New panel"}</h2>} done="Done">
      <div className={styles.preview}><PanelView panel={panel} values={values} /></div>
      <TextInput label="Title" value={panel.title} error={panel.title.trim() ? null : "A panel needs a title"} autoFocus onChange={(event) => set({ title: event.currentTarget.value })} />
      <fieldset className={styles.queries}>
        <legend>Queries</legend>
        {panel.queries.map((query, at) => (
          <Query
            key={at}
            query={query}
            name={panel.queries.length > 1 ? `Query ${at + 1}` : "Query"}
            onChange={(part) => setQuery(at, part)}
            onRemove={panel.queries.length > 1 ? () => set({ queries: panel.queries.filter((_, i) => i !== at) }) : null}
          />
        ))}
        <Button size="xs" variant="default" disabled={panel.queries.length >= MOST_QUERIES} onClick={() => set({ queries: [...panel.queries, { expr: "", legend: "" }] })}>Add query</Button>
      </fieldset>
      <div className={styles.fields}>
        <label>Shown as
          <select value={panel.kind} onChange={(event) => set({ kind: event.currentTarget.value as PanelKind })}>
            {KINDS.map(([kind, words]) => <option key={kind} value={kind}>{words}</option>)}
          </select>
        </label>
        <label>Unit
          <select value={panel.unit} onChange={(event) => set({ unit: event.currentTarget.value as PanelSpec["unit"] })}>
            <option value="auto">From the metric's name</option>
            {UNITS.map(([unit, words]) => <option key={unit} value={unit}>{words}</option>)}
          </select>
        </label>
        <label>Width
          <select value={panel.width} onChange={(event) => set({ width: Number(event.currentTarget.value) })}>
            {Array.from({ length: 12 }, (_, i) => i + 1).map((width) => <option key={width} value={width}>{width} of 12 columns</option>)}
          </select>
        </label>
        <label>Height
          <select value={panel.height} onChange={(event) => set({ height: Number(event.currentTarget.value) })}>
            <option value={0}>Usual</option>
            {[3, 4, 6, 8, 10, 12, 16, 20].map((height) => <option key={height} value={height}>{height} rows</option>)}
          </select>
        </label>
        {panel.kind !== "table" && <Largest value={panel.max} onChange={(max) => set({ max })} />}
        {panel.kind === "chart" && <label className={styles.check}><input type="checkbox" checked={panel.stacked} onChange={(event) => set({ stacked: event.currentTarget.checked })} /> Stack the series</label>}
      </div>
      <TextInput label="Note" value={panel.description} onChange={(event) => set({ description: event.currentTarget.value })} />
    </Drawer>
  );
}

interface QueryProps {
  query: PanelQuery;
  name: string;
  onChange: (part: Partial<PanelQuery>) => void;
  onRemove: (() => void) | null;
}

/** A text of the same length that parses where the query will: places in complaints stay right. */
const withoutVariables = (text: string): string => text.replaceAll(/\$(?:\{\w+\}|\w+)/g, (name) => "1m".padStart(name.length, "0"));

function Query({ query, name, onChange, onRemove }: QueryProps) {
  return (
    <div className={styles.query}>
      <QueryEditor value={query.expr} label={name} placeholder="PromQL, such as rate(node_network_receive_bytes_total[$__rate_interval])" checked={withoutVariables} onChange={(expr) => onChange({ expr })} onRun={() => undefined} />
      <div className={styles.legend}>
        <TextInput aria-label={`${name}: legend`} placeholder="Legend, such as {{instance}}" value={query.legend} onChange={(event) => onChange({ legend: event.currentTarget.value })} />
        {onRemove && <Button size="xs" variant="default" onClick={onRemove}>Remove</Button>}
      </div>
    </div>
  );
}

function Largest({ value, onChange }: { value: number | null; onChange: (max: number | null) => void }) {
  return (
    <label>Axis ends at
      <input
        type="number"
        value={value ?? ""}
        placeholder="Highest value"
        onChange={(event) => {
          const number = event.currentTarget.valueAsNumber;
          onChange(Number.isFinite(number) && number > 0 ? number : null);
        }}
      />
    </label>
  );
}
