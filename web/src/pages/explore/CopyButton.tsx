import { useEffect, useState } from "react";
import { copyText } from "../../parts/copyText";
import styles from "./OutcomeLine.module.css";

const SAID_MS = 2_000;

/** Copies a text that is made when asked for, and says so for a moment. */
export function CopyButton({ word, text }: { word: string; text: () => string }) {
  const [said, setSaid] = useState<string | null>(null);
  useEffect(() => {
    if (said === null) return undefined;
    const timer = setTimeout(() => setSaid(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async (): Promise<void> => setSaid((await copyText(text())) ? "Copied" : "Not allowed here");
  return (
    <button type="button" className={styles.link} onClick={() => void copy()}>
      <span aria-live="polite">{said ?? word}</span>
    </button>
  );
}
