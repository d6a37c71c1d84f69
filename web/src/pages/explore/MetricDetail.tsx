import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { fetchSeries } from "../../api/api";
import { Failure } from "../../parts/Failure";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { metadataOf, typeOf, useMetadata } from "../../promql/metadata";
import { select } from "../../series/selector";
import { now } from "../../time/clock";
import { printDuration } from "../../time/duration";
import { lengthOf, windowOf, writeRange } from "../../time/range";
import { stepFor } from "../../time/step";
import { useTimeRange } from "../../time/useTimeRange";
import styles from "./MetricDetail.module.css";
import { countLabels, selectorFor, suggestionsFor, togglePick, type LabelCount, type Picked } from "./selection";

interface MetricDetailProps {
  metric: string;
  onInsert: (expr: string) => void;
  onAsk: (expr: string) => void;
}

/** Series read to count labels; more are told of, not counted. */
const MOST_SERIES = 10_000;
const MOST_VALUES = 100;
const SHORTEST_RATE = 60;

/** One metric: what it is, its labels with their values, and the selector that clicking on them builds. */
export function MetricDetail({ metric, onInsert, onAsk }: MetricDetailProps) {
  const metadata = useMetadata();
  const { range } = useTimeRange();
  const [picked, setPicked] = useState<Picked>({});
  const about = metadataOf(metadata, metric);
  const type = typeOf(metadata, metric);
  const { data, error, isPending } = useQuery({
    queryKey: ["labels of", metric, writeRange(new URLSearchParams(), range).toString()],
    queryFn: async ({ signal }) => {
      const { from, to } = windowOf(range, now());
      const series = await fetchSeries(select("", { __name__: metric }), from, to, MOST_SERIES, signal);
      return { count: series.length, labels: countLabels(series) };
    },
    staleTime: 30_000,
  });
  const late = useLate(isPending);
  const selector = selectorFor(metric, picked);
  const window = printDuration(Math.max(SHORTEST_RATE, 4 * stepFor(lengthOf(range))));
  const suggestions = useMemo(() => suggestionsFor(type, metric, selector, window), [type, metric, selector, window]);

  return (
    <>
      <h2 className={styles.name}>{metric}</h2>
      <p className={styles.facts}>
        {[type, about?.unit, data && (data.count >= MOST_SERIES ? `${MOST_SERIES.toLocaleString("en")} series or more` : `${data.count.toLocaleString("en")} series in this time range`)]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {about?.help && <p className={styles.help}>{about.help}</p>}
      <div className={styles.built}>
        <code className={styles.selector}>{selector}</code>
        <div className={styles.actions}>
          <button type="button" className={styles.action} onClick={() => onInsert(selector)}>Insert</button>
          <button type="button" className={styles.action} onClick={() => onAsk(selector)}>Run</button>
          {suggestions.map(({ word, expr }) => (
            <button key={word} type="button" className={styles.action} title={expr} onClick={() => onAsk(expr)}>{word}</button>
          ))}
        </div>
      </div>
      <div className={styles.labels}>
        {!data ? (
          error ? <Failure failure={error} compact /> : late && <Placeholder height={160} />
        ) : data.labels.length === 0 ? (
          <p className={styles.help}>{data.count === 0 ? "No samples in this time range." : "Its series carry no labels."}</p>
        ) : (
          data.labels.map((one) => <LabelValues key={one.label} {...one} picked={picked[one.label] ?? []} onPick={(value) => setPicked((old) => togglePick(old, one.label, value))} />)
        )}
      </div>
    </>
  );
}

/** A label that opens to its values; one with a few is open from the start. */
function LabelValues({ label, values, picked, onPick }: LabelCount & { picked: readonly string[]; onPick: (value: string) => void }) {
  const [text, setText] = useState("");
  const found = text === "" ? values : values.filter(([value]) => value.toLowerCase().includes(text.toLowerCase()));
  return (
    <details className={styles.label} open={values.length <= 12}>
      <summary>
        {label} <span className={styles.count}>{values.length === 1 ? "1 value" : `${values.length.toLocaleString("en")} values`}</span>
      </summary>
      {values.length > 12 && <input type="search" className={styles.search} value={text} placeholder={`Search ${label}`} aria-label={`Search values of ${label}`} onChange={(event) => setText(event.currentTarget.value)} />}
      <ul className={styles.values}>
        {found.slice(0, MOST_VALUES).map(([value, count]) => (
          <li key={value}>
            <button type="button" className={styles.value} aria-pressed={picked.includes(value)} title={value} onClick={() => onPick(value)}>
              <span>{value}</span>
              <span className={styles.count} title={`${count} series`}>{count.toLocaleString("en")}</span>
            </button>
          </li>
        ))}
      </ul>
      {found.length > MOST_VALUES && <p className={styles.help}>{(found.length - MOST_VALUES).toLocaleString("en")} more. Search to find them.</p>}
    </details>
  );
}
