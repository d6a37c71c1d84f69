import styles from "./Choices.module.css";

interface ChoicesProps<T extends string> {
  label: string;
  choices: ReadonlyArray<readonly [T, string, number?]>;
  chosen: T;
  onChoose: (choice: T) => void;
}

/** One of a few, all in sight; some with how many there are. */
export function Choices<T extends string>({ label, choices, chosen, onChoose }: ChoicesProps<T>) {
  return (
    <div className={styles.choices} role="group" aria-label={label}>
      {choices.map(([choice, word, count]) => (
        <button key={choice} type="button" aria-pressed={chosen === choice} onClick={() => onChoose(choice)}>
          {word}
          {count !== undefined && <> <span className={styles.count}>{count.toLocaleString("en-GB")}</span></>}
        </button>
      ))}
    </div>
  );
}
