import { lazy, Suspense, useRef, type Ref, type RefObject } from "react";
import PlainEditor from "./PlainEditor";
import styles from "./QueryEditor.module.css";

/** What a page can do to an editor beside giving it text. */
export interface EditorHandle {
  focus(): void;
  /** Puts text in place of the selection. */
  insert(text: string): void;
  /** Moves the cursor to a place that counts from 1. */
  goTo(line: number, column: number): void;
}

export interface EditorProps {
  value: string;
  /** What a screen reader calls it. */
  label: string;
  placeholder?: string | undefined;
  autoFocus?: boolean | undefined;
  /** The server's message against the query when it was run; its place is underlined. */
  complaint?: string | null | undefined;
  /** Makes the query that the server checks of the text, as long as it: for text with variables. By default the text itself. */
  checked?: ((value: string) => string) | undefined;
  onChange: (value: string) => void;
  /** Enter or Ctrl+Enter; Shift+Enter makes a new line. */
  onRun: () => void;
  onFocus?: (() => void) | undefined;
  handle?: Ref<EditorHandle> | undefined;
}

/** Where typing stood in the editor that another one takes over from. */
export interface Caret {
  focused: boolean;
  anchor: number;
  head: number;
}

/** What an editor is given beside: it goes on from the caret, and leaves it behind. */
export interface InnerEditorProps extends EditorProps {
  caret: RefObject<Caret | null>;
}

// The editor is the largest part of the UI: only pages with a query load it, and without it a query can still be typed.
const Editor = lazy(() => import("./CodeMirrorEditor").catch(() => ({ default: PlainEditor })));

/** A PromQL query being written: completion, highlighting and the server's objections as one types. */
export function QueryEditor(props: EditorProps) {
  const caret = useRef<Caret | null>(null);
  return (
    <div className={styles.frame}>
      <Suspense fallback={<PlainEditor {...props} caret={caret} />}>
        <Editor {...props} caret={caret} />
      </Suspense>
    </div>
  );
}
