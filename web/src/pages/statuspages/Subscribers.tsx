import { Button } from "@mantine/core";
import { Ago } from "../../parts/Ago";
import { Problem } from "../../parts/Problem";
import { useWork } from "../../parts/useWork";
import { CHANNELS } from "./page";
import styles from "./PageEditor.module.css";
import { dismiss, useSubscribers } from "./store";

const FIRST = 50;

/** Who is told of what happens on the page. */
export function Subscribers({ slug }: { slug: string }) {
  const { data, error } = useSubscribers(slug);
  const work = useWork("pages");
  return (
    <section className={styles.part}>
      <h2>Subscribers {data && <span className={styles.count}>{data.length.toLocaleString("en-GB")}</span>}</h2>
      <Problem problem={error ?? work.problem} />
      {data?.length === 0 && <p className={styles.quiet}>Nobody yet. Readers subscribe on the page itself, and confirm by mail.</p>}
      {data && data.length > 0 && (
        <ul className={styles.subscribers}>
          {data.slice(0, FIRST).map((one) => (
            <li key={one.id}>
              <span className={styles.quiet}>{CHANNELS.find(([channel]) => channel === one.channel)?.[1]}</span>
              <span className={styles.to}>{one.to}</span>
              <span className={styles.quiet}><Ago time={Date.parse(one.since) / 1000} /></span>
              <Button size="xs" variant="default" aria-label={`Remove ${one.to}`} loading={work.busy} onClick={() => void work.attempt(() => dismiss(slug, one.id))}>Remove</Button>
            </li>
          ))}
        </ul>
      )}
      {data && data.length > FIRST && <p className={styles.quiet}>The first {FIRST} of {data.length.toLocaleString("en-GB")}.</p>}
    </section>
  );
}
