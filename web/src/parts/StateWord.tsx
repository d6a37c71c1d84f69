import type { ReactNode } from "react";
import { AlertIcon, CheckIcon, ClockIcon, DotIcon } from "./icons";
import styles from "./StateWord.module.css";

export type Tone = "critical" | "warning" | "good" | "neutral";

const ICONS: Record<Tone, (props: { className?: string }) => ReactNode> = {
  critical: AlertIcon,
  warning: ClockIcon,
  good: CheckIcon,
  neutral: DotIcon,
};

/** A state as a shape and a word; the colour only repeats them. */
export function StateWord({ tone, children, icon }: { tone: Tone; children: ReactNode; icon?: ((props: { className?: string }) => ReactNode) | undefined }) {
  const Icon = icon ?? ICONS[tone];
  return (
    <span className={styles.state} data-tone={tone}>
      <Icon className={styles.icon} />
      {children}
    </span>
  );
}
