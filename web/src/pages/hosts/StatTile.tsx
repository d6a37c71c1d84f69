import { Sparkline } from "../../charts/Sparkline";
import { StateWord } from "../../parts/StateWord";
import type { Verdict } from "./limits";
import styles from "./StatTile.module.css";

interface StatTileProps {
  title: string;
  figure: string;
  figureNote?: string;
  detail: string;
  verdict?: Verdict | undefined;
  values: ReadonlyArray<number | null>;
  max?: number;
}

export function StatTile({ title, figure, figureNote, detail, verdict, values, max }: StatTileProps) {
  return (
    <div className={styles.tile} role="group" aria-label={title} data-tone={verdict?.tone}>
      <div className={styles.head}>
        <h2 className={styles.title}>{title}</h2>
        {verdict && <StateWord tone={verdict.tone}>{verdict.word}</StateWord>}
      </div>
      <div className={styles.figures}>
        <span className={styles.figure}>{figure}</span>
        {figureNote && <span className={styles.note}>{figureNote}</span>}
      </div>
      <p className={styles.detail} title={detail}>{detail}</p>
      <div className={styles.spark}>
        <Sparkline values={values} {...(max === undefined ? {} : { max })} />
      </div>
    </div>
  );
}
