import { useImperativeHandle, useRef, type KeyboardEvent } from "react";
import { stretchAt } from "./place";
import type { EditorProps } from "./QueryEditor";
import styles from "./QueryEditor.module.css";

/** The editor when its chunk cannot be loaded: text, without help. */
export default function PlainEditor(props: EditorProps) {
  const { value, label, placeholder, autoFocus, onChange, onRun, onFocus, handle } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useImperativeHandle(handle, () => ({
    focus: () => field.current?.focus(),
    insert(text) {
      const { value: old, onChange: change } = latest.current;
      const { selectionStart = old.length, selectionEnd = old.length } = field.current ?? {};
      change(old.slice(0, selectionStart) + text + old.slice(selectionEnd));
      field.current?.focus();
    },
    goTo(line, column) {
      const { from } = stretchAt(latest.current.value, line, column);
      field.current?.focus();
      field.current?.setSelectionRange(from, from);
    },
  }), []);
  const press = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    onRun();
  };
  return (
    <textarea
      ref={field}
      className={styles.plain}
      rows={value.split("\n").length}
      aria-label={label}
      spellCheck={false}
      {...{ value, placeholder, autoFocus, onFocus }}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={press}
    />
  );
}
