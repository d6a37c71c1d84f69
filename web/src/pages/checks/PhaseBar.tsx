import { useComputedColorScheme } from "@mantine/core";
import { colourOf, colourSlots } from "../../charts/palette";
import { latency } from "./check";
import styles from "./PhaseBar.module.css";

/** In the order in which they come. */
const PHASES = ["resolve", "connect", "tls", "processing", "transfer"];
const SLOTS = colourSlots(PHASES);
const WORDS: Record<string, string> = { resolve: "Resolve", connect: "Connect", tls: "TLS", processing: "Processing", transfer: "Transfer" };

/** Where the time of a probe went: a bar of phases, and each in words. phases: ms. */
export function PhaseBar({ phases, total }: { phases: Readonly<Record<string, number>>; total: number }) {
  const scheme = useComputedColorScheme("light");
  const shown = Object.entries(phases).sort(([a], [b]) => PHASES.indexOf(a) - PHASES.indexOf(b));
  if (shown.length === 0) return null;
  const sum = shown.reduce((all, [, ms]) => all + ms, 0);
  const whole = Math.max(total, sum, 0.001);
  return (
    <div className={styles.phases}>
      <div className={styles.bar} aria-hidden="true">
        {shown.map(([phase, ms]) => <span key={phase} title={`${WORDS[phase] ?? phase}: ${latency(ms)}`} style={{ width: `${(100 * ms) / whole}%`, background: colourOf(SLOTS.get(phase) ?? 7, scheme) }} />)}
      </div>
      <ul className={styles.legend} aria-label="Phases">
        {shown.map(([phase, ms]) => (
          <li key={phase}><span className={styles.swatch} style={{ background: colourOf(SLOTS.get(phase) ?? 7, scheme) }} /> {WORDS[phase] ?? phase} <b>{latency(ms)}</b></li>
        ))}
      </ul>
    </div>
  );
}
