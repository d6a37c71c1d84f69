import { Link } from "../parts/Link";
import { LiveControl } from "./LiveControl";
import { RangePicker } from "./RangePicker";
import type { Route } from "./routes";
import { useSubjectWord } from "./subjects";
import { ThemeSwitch } from "./ThemeSwitch";
import styles from "./TopBar.module.css";

/** Where you are, and since when: the same bar over every page. */
export function TopBar({ route }: { route: Route | null }) {
  const subject = useSubjectWord(route);
  return (
    <header className={styles.bar}>
      <nav aria-label="You are here" className={styles.where}>
        {route && (
          <>
            {subject === null ? <span>{route.section.word}</span> : <Link to={route.section.path}>{route.section.word}</Link>}
            {subject !== null && (
              <>
                <span aria-hidden="true" className={styles.slash}>/</span>
                <span className={styles.subject} title={subject} aria-current="page">{subject}</span>
              </>
            )}
          </>
        )}
      </nav>
      <div className={styles.tools}>
        <RangePicker />
        <LiveControl />
        <ThemeSwitch />
      </div>
    </header>
  );
}
