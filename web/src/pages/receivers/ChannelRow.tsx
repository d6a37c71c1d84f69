import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { CIRCUITS, sayKind, WHEN_MUTED } from "../../alerting/reasons";
import { sendTest, type ReceiverChannel } from "../../api/alerting";
import { ApiFailure } from "../../api/failure";
import { AlertIcon, CheckIcon } from "../../parts/icons";
import { StateWord } from "../../parts/StateWord";
import styles from "./ReceiversPage.module.css";

type Tried = { took: true } | { took: false; message: string; code: string | null };

/** One channel: how it does, what it has still to be told, and a test of it. */
export function ChannelRow({ channel }: { channel: ReceiverChannel }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [tried, setTried] = useState<Tried | null>(null);
  const { key, kind, circuit, owed, problem, sendsResolved, whenMuted } = channel;
  const { tone, word } = CIRCUITS[circuit];
  const test = async (): Promise<void> => {
    setBusy(true);
    setTried(null);
    try {
      await sendTest(key);
      setTried({ took: true });
    } catch (failure) {
      setTried({ took: false, message: failure instanceof Error ? failure.message : String(failure), code: failure instanceof ApiFailure ? failure.code : null });
    }
    setBusy(false);
    await client.invalidateQueries({ queryKey: ["alerts", "receivers"] });
  };
  return (
    <li className={styles.channel}>
      <div className={styles.what}>
        <h3 className={styles.kind}>{sayKind(kind)}</h3>
        {key !== kind && <code className={styles.quiet}>{key}</code>}
      </div>
      <StateWord tone={tone}>{word}</StateWord>
      <div className={styles.said}>
        <p>{owed === 0 ? <span className={styles.quiet}>Nothing is owed to it.</span> : `It is still owed ${owed.toLocaleString("en-GB")} ${owed === 1 ? "notice" : "notices"}.`}</p>
        <p className={styles.quiet}>{sendsResolved ? "Hears when alerts end." : "Does not hear when alerts end."} When one is muted that it knows of, it {WHEN_MUTED[whenMuted]}.</p>
        {problem && <p className={styles.problem}><AlertIcon className={styles.small} /> Last problem: {problem}</p>}
      </div>
      <div className={styles.test}>
        <Button size="xs" variant="default" loading={busy} aria-label={`Send a test to ${key}`} onClick={() => void test()}>Send a test</Button>
        <span className={styles.outcome} role="status">
          {tried?.took && <span className={styles.good}><CheckIcon className={styles.small} /> It took the test.</span>}
          {tried && !tried.took && <span className={styles.problem}><AlertIcon className={styles.small} /> <span>{tried.message} {tried.code && <code>{tried.code}</code>}</span></span>}
        </span>
      </div>
    </li>
  );
}
