import type { ChangeEvent } from "react";
import styles from "./Select.module.css";

interface SelectProps {
  label: string;
  value: string;
  options: ReadonlyArray<readonly [string, string]>;
  onChange: (value: string) => void;
  /** Whether the label stands before it, rather than being read out alone. */
  labelled?: boolean;
}

/** The browser's own list of choices, in the house's look. */
export function Select({ label, value, options, onChange, labelled = false }: SelectProps) {
  const change = (event: ChangeEvent<HTMLSelectElement>): void => onChange(event.currentTarget.value);
  const field = (
    <select className={styles.select} aria-label={labelled ? undefined : label} value={value} onChange={change}>
      {options.map(([one, words]) => <option key={one} value={one}>{words}</option>)}
    </select>
  );
  return labelled ? <label className={styles.labelled}>{label} {field}</label> : field;
}
