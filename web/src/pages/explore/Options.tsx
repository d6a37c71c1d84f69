import { useState, type FormEvent } from "react";
import { UNITS, type Unit } from "../../charts/units";
import { parseDuration, printDuration } from "../../time/duration";
import type { ExploreDocument, View } from "./document";
import styles from "./Options.module.css";

interface OptionsProps {
  document: ExploreDocument;
  /** The unit that is guessed while none is chosen. */
  guessed: Unit;
  /** Seconds between points while none is given. */
  autoStep: number;
  onChange: (change: Partial<ExploreDocument>) => void;
}

const VIEWS: ReadonlyArray<readonly [View, string]> = [["chart", "Chart"], ["table", "Table"], ["both", "Both"]];
const wordOf = (unit: Unit): string => UNITS.find(([one]) => one === unit)?.[1] ?? unit;

/** How the results are shown: as what, in which unit, how close the points. */
export function Options({ document, guessed, autoStep, onChange }: OptionsProps) {
  const { view, unit, stacked, logarithmic, step } = document;
  const charted = view !== "table";
  return (
    <div className={styles.bar} role="group" aria-label="How results are shown">
      <div className={styles.views} role="group" aria-label="View">
        {VIEWS.map(([one, word]) => (
          <button key={one} type="button" className={styles.view} aria-pressed={view === one} onClick={() => onChange({ view: one })}>{word}</button>
        ))}
      </div>
      <label className={styles.field}>
        <span>Unit</span>
        <select value={unit ?? ""} onChange={(event) => onChange({ unit: (event.currentTarget.value || null) as Unit | null })}>
          <option value="">Auto: {wordOf(guessed)}</option>
          {UNITS.map(([one, word]) => <option key={one} value={one}>{word}</option>)}
        </select>
      </label>
      {charted && (
        <>
          <label className={styles.check}>
            <input type="checkbox" checked={stacked} onChange={() => onChange({ stacked: !stacked, logarithmic: false })} />
            Stacked
          </label>
          <label className={styles.check}>
            <input type="checkbox" checked={logarithmic} onChange={() => onChange({ logarithmic: !logarithmic, stacked: false })} />
            Log scale
          </label>
          <StepField key={step} step={step} autoStep={autoStep} onStep={(next) => onChange({ step: next })} />
        </>
      )}
    </div>
  );
}

/** Empty follows the time range; what cannot be read is said while typing. */
function StepField({ step, autoStep, onStep }: { step: number | null; autoStep: number; onStep: (step: number | null) => void }) {
  const [text, setText] = useState(step === null ? "" : printDuration(step));
  const seconds = parseDuration(text.trim());
  const wrong = text.trim() !== "" && seconds === null;
  const finish = (event?: FormEvent): void => {
    event?.preventDefault();
    const next = text.trim() === "" ? null : seconds;
    if (!wrong && next !== step) onStep(next);
  };
  return (
    <form className={styles.field} onSubmit={finish}>
      <label htmlFor="explore-step">Step</label>
      <input
        id="explore-step"
        type="text"
        value={text}
        placeholder={`auto: ${printDuration(autoStep)}`}
        aria-invalid={wrong}
        aria-describedby={wrong ? "explore-step-problem" : undefined}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => finish()}
      />
      {wrong && <span id="explore-step-problem" className={styles.problem}>Write it as 30s, 5m or 1h</span>}
    </form>
  );
}
