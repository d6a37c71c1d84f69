import { EmptyState } from "../../parts/EmptyState";
import { CompassIcon } from "../../parts/icons";
import textButton from "../../parts/TextButton.module.css";
import styles from "./Examples.module.css";
import { EXAMPLES, type Example } from "./examples";

/** The page before its first question. */
export function Examples({ onPick, onBrowse }: { onPick: (example: Example) => void; onBrowse: () => void }) {
  return (
    <div className={styles.place}>
      <EmptyState icon={<CompassIcon />} title="Ask any question of your metrics" within>
        <p>
          Write PromQL above and press Enter, <button type="button" className={textButton.button} onClick={onBrowse}>find a metric by its name</button>, or begin
          with one of these:
        </p>
      </EmptyState>
      <ul className={styles.list}>
        {EXAMPLES.map((example) => (
          <li key={example.word}>
            <button type="button" className={styles.example} onClick={() => onPick(example)}>
              <span>{example.word}</span>
              <code>{example.query.expr}</code>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
