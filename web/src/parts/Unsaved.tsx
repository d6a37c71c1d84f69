import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { holdBack, readAddress } from "../shell/address";
import { Banner } from "./Banner";
import styles from "./Unsaved.module.css";

interface UnsavedProps {
  /** Whether anything is written that would be lost. */
  changed: boolean;
  /** The part of the address that shows the editor, where it is not the path alone. */
  part?: string;
}

/** Keeps people from losing what they wrote: who goes elsewhere inside the UI is asked, and who closes the tab is by the browser. */
export function Unsaved({ changed, part }: UnsavedProps) {
  const [leave, setLeave] = useState<(() => void) | null>(null);
  const stays = useRef<HTMLButtonElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (!changed) return undefined;
    const { path, search } = readAddress();
    const shown = part === undefined ? null : search.get(part);
    const free = holdBack((next, go) => {
      if (next.path === path && (part === undefined || next.search.get(part) === shown)) return false;
      if (document.activeElement !== stays.current) before.current = document.activeElement;
      setLeave(() => go);
      return true;
    });
    const hold = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", hold);
    return () => {
      removeEventListener("beforeunload", hold);
      free();
      setLeave(null);
    };
  }, [changed, part]);
  useEffect(() => stays.current?.focus(), [leave]);
  if (!leave) return null;
  const go = (): void => {
    const { path } = readAddress();
    leave();
    if (readAddress().path !== path) window.scrollTo(0, 0);
  };
  const stay = (): void => {
    setLeave(null);
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  return (
    <div className={styles.place}>
      <div className={styles.question} onKeyDown={(event) => { if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); stay(); } }}>
        <Banner question="Leave without saving">
          <p>What you wrote is not saved.</p>
          <Button size="xs" variant="outline" color="red" onClick={go}>Lose it</Button>
          <Button ref={stays} size="xs" variant="default" onClick={stay}>Go on writing</Button>
        </Banner>
      </div>
    </div>
  );
}
