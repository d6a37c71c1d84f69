import { useEffect, useRef, useState } from "react";
import { Link } from "../parts/Link";
import { CollapseIcon } from "../parts/icons";
import { FiringCount } from "./FiringCount";
import styles from "./Navigation.module.css";
import { SECTIONS } from "./routes";

const KEY = "sightline.navigation";

/** Left on wide screens, a bar at the bottom of phones. */
export function Navigation({ active }: { active: string | null }) {
  const [narrow, setNarrow] = useState(() => localStorage.getItem(KEY) === "narrow");
  const toggle = (): void => {
    localStorage.setItem(KEY, narrow ? "wide" : "narrow");
    setNarrow(!narrow);
  };
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // The bar of a phone scrolls: where one is stays in sight.
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [active]);
  return (
    <nav className={styles.navigation} aria-label="Main" data-narrow={narrow || undefined}>
      <div className={styles.brand}>
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="#2b5fc4" />
          <path d="M5 20h6l3-9 5 13 3-8h5" fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
        </svg>
        <span className={styles.word}>Sightline</span>
      </div>
      <ul ref={list} className={styles.list}>
        {SECTIONS.map(({ path, word, icon: Icon }) => (
          <li key={path}>
            <Link to={path} className={styles.item} aria-current={active === path ? "page" : undefined} title={narrow ? word : undefined}>
              <Icon className={styles.icon} />
              <span className={styles.word}>{word}</span>
              {path === "/alerts" && <FiringCount />}
            </Link>
          </li>
        ))}
      </ul>
      <button type="button" className={styles.collapse} onClick={toggle} aria-expanded={!narrow} title={narrow ? "Widen navigation" : undefined}>
        <CollapseIcon className={styles.icon} />
        <span className={styles.word}>{narrow ? "Widen" : "Collapse"}</span>
      </button>
    </nav>
  );
}
