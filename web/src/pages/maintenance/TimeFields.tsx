import { TextInput } from "@mantine/core";
import { useId } from "react";
import { WEEKDAYS } from "../../alerting/recurrence";
import { endings } from "../../alerting/until";
import { Choices } from "../../parts/Choices";
import { useNow } from "../../parts/useNow";
import { now } from "../../time/clock";
import { absoluteTime, parseAbsolute } from "../../time/words";
import { sayCron, sayRule, type Recurs, type WindowForm } from "../../uptime/window";
import styles from "./WindowDrawer.module.css";

interface TimeFieldsProps {
  form: WindowForm;
  problems: Partial<Record<keyof WindowForm, string>>;
  tried: boolean;
  set: (part: Partial<WindowForm>) => void;
}

const USUAL_S = 2 * 3600;
/** Weeks are read from Monday on. */
const ORDER = [1, 2, 3, 4, 5, 6, 0];
const KINDS: ReadonlyArray<readonly [Recurs, string]> = [["once", "Once"], ["weekly", "On weekdays"], ["cron", "By cron"], ["rrule", "By rule"]];

/** When it is. */
export function TimeFields({ form, problems, tried, set }: TimeFieldsProps) {
  return (
    <section className={styles.part}>
      <h3>When</h3>
      <Choices label="How often" choices={KINDS} chosen={form.recurs} onChoose={(recurs) => set(switched(form, recurs))} />
      {form.recurs === "once" ? <Once {...{ form, problems, tried, set }} /> : <Again {...{ form, problems, tried, set }} />}
    </section>
  );
}

/** What recurs has no end at first; a rule counts from its first time, the next night where nobody said. */
function switched(form: WindowForm, recurs: Recurs): Partial<WindowForm> {
  if (recurs === form.recurs) return {};
  const night = new Date(now() * 1000);
  night.setHours(24 + 2, 0, 0, 0);
  const first = recurs === "rrule" && form.from.trim() === "" ? { from: absoluteTime(night.getTime() / 1000).slice(0, 16) } : {};
  return { recurs, ...first, ...(form.recurs === "once" ? { until: "" } : recurs === "once" ? { until: absoluteTime(now() + USUAL_S).slice(0, 16) } : {}) };
}

function Once({ form, problems, tried, set }: TimeFieldsProps) {
  const moment = useNow(30_000);
  const start = parseAbsolute(form.from) ?? moment;
  return (
    <>
      <div className={styles.presets} role="group" aria-label="Usual ends">
        {endings(start).map(({ word, until }) => <button key={word} type="button" aria-pressed={absoluteTime(until).slice(0, 16) === form.until.slice(0, 16)} onClick={() => set({ until: absoluteTime(until).slice(0, 16) })}>{word}</button>)}
      </div>
      <div className={styles.times}>
        <TextInput label="From" placeholder="Now" value={form.from} error={problems.from} onChange={(event) => set({ from: event.currentTarget.value })} />
        <TextInput label="Until" placeholder="2026-11-21 16:00" value={form.until} error={tried || form.until ? problems.until : undefined} onChange={(event) => set({ until: event.currentTarget.value })} />
      </div>
    </>
  );
}

function Again({ form, problems, tried, set }: TimeFieldsProps) {
  const zones = useId();
  return (
    <>
      {form.recurs === "weekly" && (
        <div className={styles.days} role="group" aria-label="Days">
          {ORDER.map((day) => <button key={day} type="button" aria-pressed={form.days[day] ?? false} onClick={() => set({ days: form.days.map((one, at) => (at === day ? !one : one)) })}>{WEEKDAYS[day]?.slice(0, 3)}<span className={styles.rest}>{WEEKDAYS[day]?.slice(3)}</span></button>)}
        </div>
      )}
      {problems.days && <p className={styles.problem} role="alert">{problems.days}</p>}
      {form.recurs === "cron" && <TextInput label="Cron expression" placeholder="0 2 * * SUN" classNames={{ input: styles.code ?? "" }} value={form.cron} error={tried && problems.cron} spellCheck={false} onChange={(event) => set({ cron: event.currentTarget.value })} />}
      {form.recurs === "rrule" && <TextInput label="Recurrence rule" placeholder="FREQ=MONTHLY;BYDAY=1SU" classNames={{ input: styles.code ?? "" }} value={form.rrule} error={tried && problems.rrule} spellCheck={false} onChange={(event) => set({ rrule: event.currentTarget.value })} />}
      {(form.recurs === "cron" || form.recurs === "rrule") && <p className={styles.words} role="status">{form.recurs === "cron" ? sayCron(form.cron) : sayRule(form.rrule)}</p>}
      <div className={styles.times}>
        {form.recurs === "weekly" && <TextInput label="Begins at" placeholder="02:00" value={form.at} error={problems.at} onChange={(event) => set({ at: event.currentTarget.value })} />}
        <TextInput label="Lasts" placeholder="2h" value={form.duration} error={problems.duration} onChange={(event) => set({ duration: event.currentTarget.value })} />
        <TextInput label="Time zone" placeholder="UTC" list={zones} value={form.timezone} spellCheck={false} onChange={(event) => set({ timezone: event.currentTarget.value })} />
        <datalist id={zones}>{["UTC", ...Intl.supportedValuesOf("timeZone")].map((one) => <option key={one} value={one} />)}</datalist>
      </div>
      <div className={styles.times}>
        <TextInput label={form.recurs === "rrule" ? "First time" : "Not before"} placeholder={form.recurs === "rrule" ? "2026-11-21 02:00" : "From now on"} value={form.from} error={tried || form.from ? problems.from : undefined} onChange={(event) => set({ from: event.currentTarget.value })} />
        <TextInput label="Not after" placeholder="Without an end" value={form.until} error={problems.until} onChange={(event) => set({ until: event.currentTarget.value })} />
      </div>
    </>
  );
}
