import { TextInput } from "@mantine/core";
import { useId, useState, type KeyboardEvent, type ReactNode } from "react";
import { CloseIcon } from "./icons";
import styles from "./Tokens.module.css";

interface TokensProps {
  label: string;
  placeholder: string;
  values: readonly string[];
  /** What there is to choose; others may be written too. */
  offers?: readonly string[];
  error?: ReactNode;
  onChange: (values: string[]) => void;
}

/** Of what is offered while one types. */
const MOST = 200;

/** Several texts: each is added with Enter, by choosing it, or by leaving the field, and taken away with its cross. */
export function Tokens({ label, placeholder, values, offers = [], error, onChange }: TokensProps) {
  const id = useId();
  const [text, setText] = useState("");
  const add = (added: string): void => {
    const parts = added.split(",").map((one) => one.trim()).filter(Boolean);
    setText("");
    if (parts.length > 0) onChange([...new Set([...values, ...parts])]);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Enter" && text.trim() !== "") {
      event.preventDefault();
      add(text);
    } else if (event.key === "Backspace" && text === "") onChange(values.slice(0, -1));
  };
  const left = offers.filter((one) => !values.includes(one)).slice(0, MOST);
  return (
    <div className={styles.field}>
      <TextInput
        label={label}
        placeholder={placeholder}
        value={text}
        list={id}
        error={error}
        spellCheck={false}
        onChange={(event) => {
          const { value } = event.currentTarget;
          // A browser's list writes the whole of what one chose at once.
          const isChosen = left.includes(value) && (event.nativeEvent as InputEvent).inputType !== "insertText";
          if (isChosen || value.endsWith(",")) add(value);
          else setText(value);
        }}
        onKeyDown={press}
        onBlur={() => add(text)}
      />
      <datalist id={id}>{left.map((one) => <option key={one} value={one} />)}</datalist>
      {values.length > 0 && (
        <ul className={styles.tokens} aria-label={`${label}, chosen`}>
          {values.map((one) => (
            <li key={one}><span>{one}</span><button type="button" aria-label={`Remove ${one}`} title="Remove" onClick={() => onChange(values.filter((each) => each !== one))}><CloseIcon /></button></li>
          ))}
        </ul>
      )}
    </div>
  );
}
