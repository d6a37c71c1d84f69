import { useEffect, useState } from "react";
import { copyText } from "./copyText";
import styles from "./CopyText.module.css";
import { CheckIcon, CopyIcon } from "./icons";

const SAID_MS = 2_000;

/** A small button beside a text that puts it on the clipboard, and says for a moment that it did. */
export function CopyText({ text, label }: { text: string; label: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button type="button" className={styles.button} aria-label={label} title={said || label} onClick={() => void copyText(text).then((copied) => setSaid(copied ? "Copied" : "Not allowed here"))}>
      {said === "Copied" ? <CheckIcon /> : <CopyIcon />}
      <span className={styles.said} role="status">{said}</span>
    </button>
  );
}
