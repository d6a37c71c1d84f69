import type { Judgement } from "./rule";
import fields from "../../parts/Fields.module.css";
import styles from "./RuleForm.module.css";

/** An alert as it would be told, with the figures of now. */
export function Preview({ example }: { example: NonNullable<Judgement["example"]> }) {
  const { labels, annotations, holds } = example;
  const { summary, ...others } = annotations;
  return (
    <section className={styles.preview} aria-label="Preview of an alert">
      <p className={fields.hint}>{holds ? "An alert would say now:" : "With the figures of now, for which the condition does not hold, an alert would say:"}</p>
      {summary ? <p className={styles.summary}>{summary}</p> : <p className={fields.hint}>No summary: notifications will show the name alone.</p>}
      {Object.entries(others).map(([name, text]) => <p key={name} className={styles.said}><span className={fields.hint}>{name}</span> {text}</p>)}
      <ul className={styles.labels} aria-label="Labels of the alert">
        {Object.entries(labels).map(([name, value]) => <li key={name}><code>{name}={value}</code></li>)}
      </ul>
    </section>
  );
}
