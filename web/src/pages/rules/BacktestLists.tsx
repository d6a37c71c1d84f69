import { useMemo } from "react";
import { AlertState } from "../../parts/AlertState";
import { Panel } from "../../parts/Panel";
import { StateWord } from "../../parts/StateWord";
import { VirtualRows } from "../../parts/VirtualRows";
import { shortDuration } from "../../time/duration";
import { absoluteTime } from "../../time/words";
import { aboutAlert, type Backtest, type BacktestNotice, type Firing } from "./backtest";
import styles from "./BacktestView.module.css";

const ROW = 52;

/** When which alert would have fired. */
export function FiringList({ firings }: { firings: readonly Firing[] }) {
  return (
    <Panel title="Firings" note={firings.length === 0 ? undefined : `${firings.length.toLocaleString("en")}, the latest first`}>
      {firings.length === 0 ? <p className={styles.empty}>Nothing would have fired.</p> : (
        <VirtualRows
          count={firings.length}
          rowHeight={ROW}
          className={styles.rows}
          role="list"
          label="Firings"
          render={(at) => {
            const { labels, from, to, goesOn } = firings[at] as Firing;
            return (
              <div key={at} className={styles.item} role="listitem">
                <span className={styles.main} title={aboutAlert(labels)}>{aboutAlert(labels)}</span>
                <span className={styles.side}>{shortDuration(Math.max(1, to - from))}{goesOn ? " so far" : ""}</span>
                <span className={styles.under}>from {absoluteTime(from)}{goesOn ? ", and goes on" : ` to ${absoluteTime(to)}`}</span>
              </div>
            );
          }}
        />
      )}
    </Panel>
  );
}

/** Who would have been told what. */
export function NoticeList({ backtest }: { backtest: Backtest }) {
  const { notificationCount, held } = backtest;
  const notifications = useMemo(() => [...backtest.notifications].reverse(), [backtest]);
  const listed = notifications.length;
  return (
    <Panel title="Notifications" note={notificationCount === 0 ? undefined : listed < notificationCount ? `the first ${listed.toLocaleString("en")} of ${notificationCount.toLocaleString("en")}, in reverse` : `${notificationCount.toLocaleString("en")}, the latest first`}>
      {listed === 0 ? <p className={styles.empty}>{held.length > 0 ? `Nobody would have been told: ${held[0]?.reason.replaceAll("_", " ")}${held[0]?.by.length ? ` (${held[0].by.join(", ")})` : ""}.` : "Nobody would have been told. Name a receiver, and routes that lead to it."}</p> : (
        <VirtualRows
          count={listed}
          rowHeight={ROW}
          className={styles.rows}
          role="list"
          label="Notifications"
          render={(at) => {
            const one = notifications[at] as BacktestNotice;
            const about = one.summary || aboutAlert(one.firing[0] ?? one.resolved[0] ?? {});
            return (
              <div key={at} className={styles.item} role="listitem">
                <span className={styles.main} title={`${about}\n${one.firing.length} firing, ${one.resolved.length} resolved`}><strong>{one.receiver}</strong> {about}</span>
                <span className={styles.side}>{one.status === "firing" || one.status === "resolved" ? <AlertState state={one.status} /> : <StateWord tone="neutral">{one.status}</StateWord>}</span>
                <span className={styles.under}>{absoluteTime(Date.parse(one.at) / 1000)}{one.reason ? `, ${one.reason.replaceAll("_", " ")}` : ""}</span>
              </div>
            );
          }}
        />
      )}
    </Panel>
  );
}
