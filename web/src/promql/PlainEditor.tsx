import { useImperativeHandle, useLayoutEffect, useRef, type KeyboardEvent } from "react";
import { stretchAt } from "./place";
import type { InnerEditorProps } from "./QueryEditor";
import styles from "./QueryEditor.module.css";

/** The editor until its chunk is there, or when it cannot be loaded: text, without help. */
export default function PlainEditor(props: InnerEditorProps) {
  const { value, label, placeholder, autoFocus, caret, onChange, onRun, onFocus, handle } = props;
  const field = useRef<HTMLTextAreaElement>(null);
  const latest = useRef(props);
  latest.current = props;
  useLayoutEffect(() => {
    const present = field.current as HTMLTextAreaElement;
    const { focused, anchor, head } = caret.current ?? { focused: autoFocus, anchor: value.length, head: value.length };
    if (focused) {
      present.focus();
      present.setSelectionRange(Math.min(anchor, head), Math.max(anchor, head));
    }
    return () => {
      caret.current = { focused: document.activeElement === present, anchor: present.selectionStart, head: present.selectionEnd };
    };
  }, []);
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
      {...{ value, placeholder, onFocus }}
      onChange={(event) => onChange(event.currentTarget.value)}
      onKeyDown={press}
    />
  );
}
