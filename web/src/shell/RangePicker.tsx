import { Button, Popover, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { ChevronIcon, ClockIcon } from "../parts/icons";
import { now } from "../time/clock";
import { parseDuration, sayDuration } from "../time/duration";
import { PRESETS, sayRange, shortRange, windowOf, type TimeRange } from "../time/range";
import { setRange, useTimeRange } from "../time/useTimeRange";
import { absoluteTime, parseAbsolute } from "../time/words";
import styles from "./RangePicker.module.css";

/** The page's time range: the last so long, or from one moment to another. */
export function RangePicker() {
  const { range } = useTimeRange();
  const [open, setOpen] = useState(false);
  const choose = (next: TimeRange): void => {
    setRange(next);
    setOpen(false);
  };
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={320} trapFocus returnFocus shadow="md">
      <Popover.Target>
        <button type="button" className={styles.target} aria-label={`Time range: ${sayRange(range)}`} onClick={() => setOpen(!open)}>
          <ClockIcon className={styles.icon} />
          <span className={styles.words} title={sayRange(range)}>{sayRange(range)}</span>
          <span className={styles.short} aria-hidden="true">{shortRange(range)}</span>
          <ChevronIcon className={styles.icon} />
        </button>
      </Popover.Target>
      <Popover.Dropdown className={styles.dropdown} aria-label="Time range">
        <div className={styles.presets}>
          {PRESETS.map((preset) => {
            const seconds = parseDuration(preset) ?? 900;
            const chosen = range.kind === "last" && range.seconds === seconds;
            return (
              <button
                key={preset}
                type="button"
                className={styles.preset}
                aria-pressed={chosen}
                onClick={() => choose({ kind: "last", seconds, live: range.kind === "last" ? range.live : true })}
              >
                {sayDuration(seconds)}
              </button>
            );
          })}
        </div>
        <AbsoluteForm range={range} onChoose={choose} />
      </Popover.Dropdown>
    </Popover>
  );
}

function AbsoluteForm({ range, onChoose }: { range: TimeRange; onChoose: (range: TimeRange) => void }) {
  const [window] = useState(() => windowOf(range, now()));
  const [from, setFrom] = useState(() => absoluteTime(window.from));
  const [to, setTo] = useState(() => absoluteTime(window.to));
  const start = parseAbsolute(from);
  const end = parseAbsolute(to);
  const fromProblem = start === null ? "Write it as 2026-11-21 14:00" : null;
  const toProblem = end === null ? "Write it as 2026-11-21 14:30" : start !== null && end - start < 10 ? "Must be at least 10 s after the start" : null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (start !== null && end !== null && !fromProblem && !toProblem) onChoose({ kind: "between", from: start, to: end });
  };
  return (
    <form className={styles.absolute} onSubmit={submit}>
      <TextInput label="From" value={from} error={fromProblem} onChange={(event) => setFrom(event.currentTarget.value)} />
      <TextInput label="To" value={to} error={toProblem} onChange={(event) => setTo(event.currentTarget.value)} />
      <Button type="submit" disabled={Boolean(fromProblem ?? toProblem)}>Show this range</Button>
    </form>
  );
}
