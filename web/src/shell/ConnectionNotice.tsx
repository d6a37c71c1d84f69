import { reachability } from "../api/reachability";
import { liveState } from "../live/liveConnection";
import { useStore } from "../live/store";
import { UnlinkIcon } from "../parts/icons";
import { useLate } from "../parts/useLate";
import { absoluteTime, clockTime } from "../time/words";
import styles from "./ConnectionNotice.module.css";

/** One quiet line while the server or its socket is gone; it goes away by itself. */
export function ConnectionNotice() {
  const { reachable, lastAnswer } = useStore(reachability);
  const live = useStore(liveState);
  const lost = useLate(!reachable || live === "reconnecting");
  return (
    <div role="status" className={styles.place}>
      {lost && !reachable ? (
        <p className={styles.notice} data-gone="">
          <UnlinkIcon className={styles.icon} />
          <span>
            <strong>Server not reachable.</strong>{" "}
            {lastAnswer === null ? (
              "Nothing has been read yet."
            ) : (
              <>
                What you see is stale, as of <time title={absoluteTime(lastAnswer)}>{clockTime(lastAnswer)}</time>.
              </>
            )}{" "}
            Reconnecting by itself.
          </span>
        </p>
      ) : lost ? (
        <p className={styles.notice}>
          <UnlinkIcon className={styles.icon} />
          <span>Live updates interrupted, reconnecting. Reading every 5 s meanwhile.</span>
        </p>
      ) : null}
    </div>
  );
}
