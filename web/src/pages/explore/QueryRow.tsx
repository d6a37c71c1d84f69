import { useRef, type FocusEvent, type KeyboardEvent } from "react";
import { CloseIcon, CopyIcon, EyeIcon, EyeOffIcon, StarIcon } from "../../parts/icons";
import { QueryEditor, type EditorHandle } from "../../promql/QueryEditor";
import { IconButton } from "./IconButton";
import { complaintOf, type Outcome } from "./outcome";
import { OutcomeLine } from "./OutcomeLine";
import styles from "./QueryRow.module.css";
import type { Row } from "./rows";

interface QueryRowProps {
  row: Row;
  mark: string;
  /** Null while it is not asked: hidden or empty. */
  outcome: Outcome | null;
  starred: boolean;
  alone: boolean;
  autoFocus: boolean;
  handle: (editor: EditorHandle | null) => void;
  onDraft: (draft: string) => void;
  onLegend: (legend: string) => void;
  onRun: () => void;
  onFocus: () => void;
  onHide: () => void;
  onStar: () => void;
  onDuplicate: () => void;
  onRemove: () => void;
  onTable: () => void;
  onLargest: () => void;
  onPercentile: () => void;
}

/** One query: its editor, what can be done with it, and what came of it. */
export function QueryRow(props: QueryRowProps) {
  const { row, mark, outcome, starred, alone } = props;
  const editor = useRef<EditorHandle | null>(null);
  const unchanged = row.draft.trim() === row.query.expr;
  const complaint = unchanged ? complaintOf(outcome?.failure ?? null) : null;
  const keep = (handle: EditorHandle | null): void => {
    editor.current = handle;
    props.handle(handle);
  };
  return (
    <li className={styles.row} data-hidden={row.query.hidden || undefined} aria-label={`Query ${mark}`}>
      <div className={styles.line}>
        <span className={styles.mark} aria-hidden="true">{mark}</span>
        <div className={styles.editor}>
          <QueryEditor
            key={row.id}
            value={row.draft}
            label={`Query ${mark} in PromQL`}
            placeholder="A metric or an expression in PromQL"
            autoFocus={props.autoFocus}
            complaint={complaint?.text ?? null}
            onChange={props.onDraft}
            onRun={props.onRun}
            onFocus={props.onFocus}
            handle={keep}
          />
        </div>
        <div className={styles.tools} role="group" aria-label={`Query ${mark}`}>
          <IconButton label={starred ? `Unstar query ${mark}` : `Star query ${mark}`} pressed={starred} disabled={row.draft.trim() === ""} onClick={props.onStar}>
            <StarIcon />
          </IconButton>
          <IconButton label={row.query.hidden ? `Show query ${mark}` : `Hide query ${mark}`} onClick={props.onHide}>
            {row.query.hidden ? <EyeOffIcon /> : <EyeIcon />}
          </IconButton>
          <IconButton label={`Duplicate query ${mark}`} onClick={props.onDuplicate}><CopyIcon /></IconButton>
          <IconButton label={`Remove query ${mark}`} disabled={alone && row.draft === ""} onClick={props.onRemove}><CloseIcon /></IconButton>
        </div>
      </div>
      <div className={styles.under}>
        <OutcomeLine
          {...{ outcome, complaint, unchanged }}
          hidden={row.query.hidden}
          empty={row.query.expr === ""}
          onGoTo={(line, column) => editor.current?.goTo(line, column)}
          onTable={props.onTable}
          onLargest={props.onLargest}
          onPercentile={props.onPercentile}
        />
        <LegendField key={row.query.legend} mark={mark} legend={row.query.legend} onLegend={props.onLegend} />
      </div>
    </li>
  );
}

/** The template of the names, taken on Enter or when the field is left. */
function LegendField({ mark, legend, onLegend }: { mark: string; legend: string; onLegend: (legend: string) => void }) {
  const finish = (event: KeyboardEvent<HTMLInputElement> | FocusEvent<HTMLInputElement>): void => {
    if ("key" in event && event.key !== "Enter") return;
    const text = event.currentTarget.value.trim();
    if (text !== legend) onLegend(text);
  };
  return (
    <label className={styles.legend}>
      <span>Legend</span>
      <input type="text" defaultValue={legend} placeholder="auto, or {{instance}}" aria-label={`Legend of query ${mark}`} spellCheck={false} onKeyDown={finish} onBlur={finish} />
    </label>
  );
}
