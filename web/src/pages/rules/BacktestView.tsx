import { Button } from "@mantine/core";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { ApiFailure } from "../../api/failure";
import { QueryChart } from "../../charts/QueryChart";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { guessUnit } from "../../promql/unit";
import { now } from "../../time/clock";
import { sayDuration } from "../../time/duration";
import { sayRange, windowOf, writeRange, type Window } from "../../time/range";
import { useTimeRange } from "../../time/useTimeRange";
import { AlertStrips } from "./AlertStrips";
import { firingsOf, receiverChanges, sayChange, sayOutcome, shadesOf, type Backtest, type BacktestQuestion } from "./backtest";
import { FiringList, NoticeList } from "./BacktestLists";
import styles from "./BacktestView.module.css";
import { COMPARISON_WORDS, type Compared } from "./comparison";
import { useBacktest } from "./store";
import { Warning } from "./Warning";

interface BacktestViewProps {
  /** The rule as it is written now; null while it says too little. */
  question: BacktestQuestion | null;
  /** The rule as it is saved, where the two differ. */
  earlier: BacktestQuestion | null;
  compared: Compared | null;
}

/** What a rule would have done over the page's time range: its figures, when it would have fired and who would have been told. */
export function BacktestView({ question, earlier, compared }: BacktestViewProps) {
  const { range } = useTimeRange();
  const key = writeRange(new URLSearchParams(), range).toString();
  const window = (): Window => windowOf(range, now());
  const result = useBacktest(question, key, window);
  const before = useBacktest(earlier, key, window);
  const [chosen, setChosen] = useState<number | null>(null);
  const late = useLate(result.isPending && question !== null);
  const outdated = useLate(result.isPlaceholderData);
  const { data } = result;
  useEffect(() => setChosen(null), [data]);
  const end = data ? Date.parse(data.end) / 1000 : 0;
  const shades = useMemo(() => (data ? shadesOf(chosen === null ? data.alerts : data.alerts.slice(chosen, chosen + 1), end) : []), [data, chosen, end]);
  const firings = useMemo(() => (data ? firingsOf(data.alerts, end) : []), [data, end]);

  const expr = compared?.query ?? (question && "alert_rule" in question ? (question.alert_rule.expr ?? "") : (question?.rule.expr ?? ""));
  const queries = useMemo(() => [{ expr }], [expr]);
  const thresholds = useMemo(
    () => (compared ? [{ value: compared.value, label: `${COMPARISON_WORDS[compared.comparison]} ${compared.value}`, tone: "critical" as const }] : []),
    [compared?.comparison, compared?.value],
  );
  if (!question || !expr) {
    return (
      <Frame>
        <p className={styles.empty}>What the rule would have done stands here as soon as its condition can be read: when it would have fired, and who would have been told.</p>
      </Frame>
    );
  }
  return (
    <div className={styles.view}>
      <QueryChart
        title="Backtest"
        note={sayRange(range)}
        queries={queries}
        unit={guessUnit(expr)}
        thresholds={thresholds}
        shades={shades}
        reachesThresholds
        legendRows={2}
        empty={compared ? "The query has no samples in this time." : "The condition held at no moment of this time."}
      />
      {data ? (
        <div className={styles.outcome} data-outdated={outdated || undefined}>
          <Frame
            title={sayOutcome(data)}
            aside={<Button size="xs" variant="default" loading={result.isFetching} onClick={() => void result.refetch()}>Run again</Button>}
          >
            <p className={styles.quiet}>{data.instants.toLocaleString("en")} evaluations, one every {sayDuration(data.interval)}.</p>
            {result.error && <Refused error={result.error} />}
            {data.warnings.map((warning) => <Warning key={warning}>{warning.charAt(0).toUpperCase() + warning.slice(1)}</Warning>)}
            {data.failures.map((failure) => <Warning key={failure.first}>{failure.count === 1 ? "An evaluation failed" : `${failure.count.toLocaleString("en")} evaluations failed`}: {failure.error}</Warning>)}
            {earlier && before.data && <Change before={before.data} after={data} />}
            {data.alerts.length > 0 && <AlertStrips alerts={data.alerts} start={Date.parse(data.start) / 1000} end={end} chosen={chosen} onChoose={setChosen} />}
          </Frame>
          {(firings.length > 0 || data.notifications.length > 0) && (
            <div className={styles.lists}>
              <FiringList firings={firings} />
              <NoticeList backtest={data} />
            </div>
          )}
        </div>
      ) : (
        <Frame>
          {result.error ? <Refused error={result.error} /> : late ? <Placeholder height={120} /> : <div className={styles.space} />}
        </Frame>
      )}
    </div>
  );
}

function Frame({ title = "Backtest", aside, children }: { title?: string; aside?: ReactNode; children: ReactNode }) {
  return <Panel title={title} aside={aside}><div className={styles.body}>{children}</div></Panel>;
}

function Refused({ error }: { error: Error }) {
  return <p className={styles.error} role="alert">The backtest was not run: {error.message} {error instanceof ApiFailure && <code>{error.code}</code>}</p>;
}

/** What a change would do: the saved rule beside the one that is being written. */
function Change({ before, after }: { before: Backtest; after: Backtest }) {
  const receivers = receiverChanges(before, after);
  return (
    <table className={styles.change} aria-label="What the change would do">
      <thead><tr><th scope="col">With your change</th><th scope="col">Saved</th><th scope="col">Changed</th><th scope="col"><span className={styles.hidden}>In words</span></th></tr></thead>
      <tbody>
        <ChangeRow word="Firings" before={before.firings} after={after.firings} />
        <ChangeRow word="Notifications" before={before.notificationCount} after={after.notificationCount} />
        {receivers.slice(0, 5).map((one) => <ChangeRow key={one.receiver} word={`to ${one.receiver}`} before={one.before} after={one.after} inner />)}
      </tbody>
    </table>
  );
}

function ChangeRow({ word, before, after, inner }: { word: string; before: number; after: number; inner?: boolean }) {
  return (
    <tr data-inner={inner || undefined}>
      <th scope="row">{word}</th>
      <td>{before.toLocaleString("en")}</td>
      <td>{after.toLocaleString("en")}</td>
      <td className={styles.quiet}>{sayChange(before, after)}</td>
    </tr>
  );
}
