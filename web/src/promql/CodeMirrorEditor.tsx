import { autocompletion, closeBrackets, closeBracketsKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { linter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { PromQLExtension } from "@prometheus-io/codemirror-promql";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef } from "react";
import { complaintsAbout, objections } from "./complaints";
import { look } from "./look";
import type { EditorProps, InnerEditorProps } from "./QueryEditor";
import { stretchAt } from "./place";
import { serverTerms } from "./terms";

/** The server is asked about a query once typing has paused for so long. */
const LINT_AFTER_MS = 500;

/** A query's letter changes when one before it goes. */
const name = new Compartment();
const named = (label: string) => EditorView.contentAttributes.of({ "aria-label": label });

/** CodeMirror with PromQL: a chunk of its own, loaded when a page shows its first query. */
export default function CodeMirrorEditor(props: InnerEditorProps) {
  const { value, label, complaint, caret, handle } = props;
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;

  // Before the browser draws: no letter falls between the plain editor and this one.
  useLayoutEffect(() => {
    const built = new EditorView({
      parent: box.current as HTMLDivElement,
      state: EditorState.create({ doc: latest.current.value, extensions: extensions(() => latest.current) }),
    });
    view.current = built;
    const { length } = built.state.doc;
    const { focused, anchor, head } = caret.current ?? { focused: latest.current.autoFocus, anchor: length, head: length };
    if (focused) {
      built.focus();
      built.dispatch({ selection: { anchor: Math.min(anchor, length), head: Math.min(head, length) } });
      // What was typed so far was typed without help.
      if (length > 0 && caret.current) startCompletion(built);
    }
    return () => {
      view.current = null;
      built.destroy();
    };
  }, []);

  // Before the next letter: later, a value from before it would put the text back.
  useLayoutEffect(() => {
    const present = view.current;
    if (!present || present.state.doc.toString() === value) return;
    present.dispatch({ changes: { from: 0, to: present.state.doc.length, insert: value }, selection: { anchor: value.length } });
  }, [value]);

  useEffect(() => view.current?.dispatch({ effects: name.reconfigure(named(label)) }), [label]);

  useEffect(() => {
    const present = view.current;
    if (present && complaint) present.dispatch(setDiagnostics(present.state, objections(present.state.doc.toString(), complaint)));
  }, [complaint]);

  useImperativeHandle(handle, () => ({
    focus: () => view.current?.focus(),
    insert(text) {
      const present = view.current;
      if (!present) return;
      present.dispatch(present.state.replaceSelection(text));
      present.focus();
    },
    goTo(line, column) {
      const present = view.current;
      if (!present) return;
      const { from } = stretchAt(present.state.doc.toString(), line, column);
      present.dispatch({ selection: { anchor: from }, scrollIntoView: true });
      present.focus();
    },
  }), []);

  return <div ref={box} />;
}

function extensions(props: () => EditorProps) {
  const run = (): boolean => {
    props().onRun();
    return true;
  };
  const checked = (text: string): string => props().checked?.(text) ?? text;
  return [
    history(),
    closeBrackets(),
    bracketMatching(),
    autocompletion({ activateOnTyping: true, icons: false }),
    new PromQLExtension().activateLinter(false).setComplete({ remote: serverTerms }).asExtension(),
    linter((present) => complaintsAbout(checked(present.state.doc.toString()), () => props().complaint), { delay: LINT_AFTER_MS }),
    // An accepted completion comes before these; a plain Enter runs, as in a search field.
    Prec.high(keymap.of([{ key: "Mod-Enter", run }, { key: "Shift-Enter", run: insertNewlineAndIndent }, { key: "Enter", run }, { key: "Mod-i", run: startCompletion }])),
    keymap.of([...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap]),
    name.of(named(props().label)),
    placeholder(props().placeholder ?? ""),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) props().onChange(update.state.doc.toString());
      if (update.focusChanged && update.view.hasFocus) props().onFocus?.();
    }),
    look,
  ];
}
