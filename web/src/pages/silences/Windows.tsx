import { TextInput } from "@mantine/core";
import { useId } from "react";
import { intervalsOf, newWindow, problemOf, sayRecurrence, WEEKDAYS, type TimeWindow } from "../../alerting/recurrence";
import styles from "./Windows.module.css";

/** Weeks are read from Monday on. */
const ORDER = [1, 2, 3, 4, 5, 6, 0];
const MOST = 100;

/** When a silence that recurs holds, as a few windows; what they come to stands beneath in words. */
export function Windows({ windows, onChange }: { windows: readonly TimeWindow[]; onChange: (windows: TimeWindow[]) => void }) {
  const zones = useId();
  const set = (at: number, part: Partial<TimeWindow>): void => onChange(windows.map((one, i) => (i === at ? { ...one, ...part } : one)));
  const isWhole = windows.every((one) => problemOf(one) === null);
  return (
    <div className={styles.windows}>
      <datalist id={zones}>{["UTC", ...Intl.supportedValuesOf("timeZone")].map((one) => <option key={one} value={one} />)}</datalist>
      {windows.map((window, at) => (
        <fieldset key={at} className={styles.window}>
          <legend>{windows.length > 1 ? `Window ${at + 1}` : "Window"}</legend>
          <div className={styles.days} role="group" aria-label="Days">
            {ORDER.map((day) => (
              <button key={day} type="button" aria-pressed={window.weekdays[day] ?? false} onClick={() => set(at, { weekdays: window.weekdays.map((one, i) => (i === day ? !one : one)) })}>{WEEKDAYS[day]?.slice(0, 3)}<span className={styles.rest}>{WEEKDAYS[day]?.slice(3)}</span></button>
            ))}
          </div>
          <div className={styles.times}>
            <TextInput label="Starts at" value={window.from} onChange={(event) => set(at, { from: event.currentTarget.value })} />
            <TextInput label="Ends at" value={window.to} onChange={(event) => set(at, { to: event.currentTarget.value })} />
            <TextInput label="Time zone" placeholder="UTC" list={zones} value={window.location} spellCheck={false} onChange={(event) => set(at, { location: event.currentTarget.value })} />
          </div>
          <details className={styles.rarely} open={Boolean(window.daysOfMonth || window.months || window.years) || undefined}>
            <summary>Days of the month, months, years</summary>
            <div className={styles.times}>
              <TextInput label="Days of the month" placeholder="Every, or 1:7, -1" value={window.daysOfMonth} onChange={(event) => set(at, { daysOfMonth: event.currentTarget.value })} />
              <TextInput label="Months" placeholder="Every, or 1:3, december" value={window.months} onChange={(event) => set(at, { months: event.currentTarget.value })} />
              <TextInput label="Years" placeholder="Every, or 2026:2028" value={window.years} onChange={(event) => set(at, { years: event.currentTarget.value })} />
            </div>
          </details>
          {problemOf(window) && <p className={styles.problem} role="alert">{problemOf(window)}</p>}
          {windows.length > 1 && <button type="button" className={styles.link} onClick={() => onChange(windows.filter((_, i) => i !== at))}>Remove this window</button>}
        </fieldset>
      ))}
      {windows.length < MOST && <button type="button" className={styles.link} onClick={() => onChange([...windows, newWindow(windows.at(-1)?.location ?? "")])}>Add a window</button>}
      {isWhole && <p className={styles.words} role="status">{sayRecurrence(intervalsOf(windows))}</p>}
    </div>
  );
}
