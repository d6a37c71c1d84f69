import { Tooltip } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { reachability } from "../api/reachability";
import { liveState } from "../live/liveConnection";
import { useStore, useStorePart } from "../live/store";
import { BackIcon, PauseIcon, PlayIcon, RefreshIcon } from "../parts/icons";
import { DEFAULT_RANGE } from "../time/range";
import { goBackInTime, setRange, useTimeRange } from "../time/useTimeRange";
import styles from "./LiveControl.module.css";
import { ToolButton } from "./ToolButton";

/** Back from a zoom, read again, and live or held still. */
export function LiveControl() {
  const client = useQueryClient();
  const { range, canGoBack } = useTimeRange();
  const socket = useStore(liveState);
  const reachable = useStorePart(reachability, (state) => state.reachable);
  const live = range.kind === "last" && range.live;
  const flows = live && socket === "open" && reachable;
  const toggle = (): void => setRange(range.kind === "last" ? { ...range, live: !range.live } : DEFAULT_RANGE);
  const word = live ? (!reachable ? "Waiting" : socket === "reconnecting" ? "Polling" : "Live") : "Paused";
  const Icon = live ? PauseIcon : PlayIcon;

  return (
    <>
      <ToolButton label="Zoom back" hint="Back to the time range before" disabled={!canGoBack} onClick={goBackInTime}>
        <BackIcon />
      </ToolButton>
      <ToolButton label="Refresh" hint="Read everything again" className={styles.refresh} onClick={() => void client.invalidateQueries()}>
        <RefreshIcon />
      </ToolButton>
      <Tooltip label={live ? "Hold still" : "Follow the present"} openDelay={400}>
        <button type="button" className={styles.live} aria-label={`${word}, ${live ? "hold still" : "follow the present"}`} data-flows={flows || undefined} onClick={toggle}>
          <span className={styles.dot} aria-hidden="true" />
          <span className={styles.word}>{word}</span>
          <Icon className={styles.icon} />
        </button>
      </Tooltip>
    </>
  );
}
