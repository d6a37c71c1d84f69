import { Suspense, useEffect } from "react";
import { reachability } from "../api/reachability";
import { useStorePart } from "../live/store";
import { Link } from "../parts/Link";
import { EmptyState } from "../parts/EmptyState";
import { navigate, hrefOf, useAddress } from "./address";
import { ConnectionNotice } from "./ConnectionNotice";
import { ErrorBoundary } from "./ErrorBoundary";
import { Navigation } from "./Navigation";
import { routeOf } from "./routes";
import styles from "./Shell.module.css";
import { useSubjectWord } from "./subjects";
import { TopBar } from "./TopBar";

export function Shell() {
  const { path, search } = useAddress();
  const route = routeOf(path);
  const reachable = useStorePart(reachability, (state) => state.reachable);

  useEffect(() => {
    if (path === "/") navigate(hrefOf("/overview", search), { replace: true });
  }, [path, search]);

  const subject = useSubjectWord(route);
  useEffect(() => {
    const parts = [subject, route?.section.word, "Sightline"].filter(Boolean);
    document.title = parts.join(" · ");
  }, [subject, route?.section.word]);

  const Page = route?.section.page;
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">Skip to content</a>
      <Navigation active={route?.section.path ?? null} />
      <div className={styles.column}>
        <TopBar route={route} />
        <ConnectionNotice />
        <main id="content" className={styles.content} data-stale={reachable ? undefined : ""} tabIndex={-1}>
          <ErrorBoundary key={path}>
            {Page ? (
              <Suspense fallback={null}>
                <Page subject={route.subject} />
              </Suspense>
            ) : path === "/" ? null : (
              <EmptyState title="There is no page at this address">
                <p>The link may be old or mistyped. <Link to="/overview">Go to the overview</Link></p>
              </EmptyState>
            )}
          </ErrorBoundary>
        </main>
      </div>
    </div>
  );
}
