import { useReceivers } from "../../alerting/useAlerting";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { ReceiverIcon } from "../../parts/icons";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { ChannelRow } from "./ChannelRow";
import { Configuration } from "./Configuration";
import styles from "./ReceiversPage.module.css";

/** Who can be told, whether their channels work, and the configuration behind them. */
export default function ReceiversPage() {
  const { data, error, isPending } = useReceivers();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  if (!data) {
    return (
      <>
        <h1 className={styles.heading}>Receivers</h1>
        {failure ? <Failure failure={failure} compact /> : late ? <Placeholder height={200} /> : null}
      </>
    );
  }
  return (
    <div className={styles.page}>
      <h1 className={styles.heading}>Receivers <span className={styles.quiet}>{data.length}</span></h1>
      {data.length === 0 && <EmptyState icon={<ReceiverIcon />} title="Nobody is told of alerts" within><p>Name a webhook, Slack, Discord or a server of mail in the settings, or give the program a configuration of Alertmanager: <code>sightline serve --alertmanager-config FILE</code>.</p></EmptyState>}
      {data.map(({ name, channels }) => (
        <section key={name} className={styles.receiver} aria-label={name}>
          <h2 className={styles.name}>{name}</h2>
          {channels.length === 0 ? (
            <p className={styles.quiet}>No channel: alerts that are routed here are told to nobody.</p>
          ) : (
            <ul className={styles.list} aria-label={`Channels of ${name}`}>{channels.map((one) => <ChannelRow key={one.key} channel={one} />)}</ul>
          )}
        </section>
      ))}
      <Configuration />
    </div>
  );
}
