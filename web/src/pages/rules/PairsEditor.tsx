import { Button } from "@mantine/core";
import { useId, useRef } from "react";
import fields from "../../parts/Fields.module.css";
import { Removal } from "../../parts/Removal";
import type { Pair } from "./rule";
import styles from "./RuleForm.module.css";

interface PairsEditorProps {
  title: string;
  /** What one of them is called: "label". */
  word: string;
  hint: string;
  pairs: readonly Pair[];
  error: string | null;
  onChange: (pairs: Pair[]) => void;
}

/** Names with values, each of which may be a template. */
export function PairsEditor({ title, word, hint, pairs, error, onChange }: PairsEditorProps) {
  const id = useId();
  const box = useRef<HTMLFieldSetElement>(null);
  const set = (at: number, part: Partial<Pair>): void => onChange(pairs.map((pair, i) => (i === at ? { ...pair, ...part } : pair)));
  const add = (): void => {
    onChange([...pairs, { name: "", value: "" }]);
    requestAnimationFrame(() => box.current?.querySelector<HTMLInputElement>("li:last-child input")?.focus());
  };
  return (
    <fieldset ref={box} className={fields.group} aria-describedby={`${id}-hint`}>
      <legend>{title}</legend>
      <p id={`${id}-hint`} className={fields.hint}>{hint}</p>
      {pairs.length > 0 && (
        <ul className={styles.pairs}>
          {pairs.map((pair, at) => (
            <li key={at} className={fields.pair}>
              <input aria-label={`Name of ${word} ${at + 1}`} placeholder="name" spellCheck={false} value={pair.name} onChange={(event) => set(at, { name: event.currentTarget.value })} />
              <textarea aria-label={pair.name ? `${title}: ${pair.name}` : `Value of ${word} ${at + 1}`} placeholder="value" rows={1} value={pair.value} onChange={(event) => set(at, { value: event.currentTarget.value })} />
              <Removal label={`Remove ${pair.name || `${word} ${at + 1}`}`} onClick={() => onChange(pairs.filter((_, i) => i !== at))} />
            </li>
          ))}
        </ul>
      )}
      {error && <p className={fields.error}>{error}</p>}
      <div><Button size="xs" variant="default" onClick={add}>Add {word}</Button></div>
    </fieldset>
  );
}
