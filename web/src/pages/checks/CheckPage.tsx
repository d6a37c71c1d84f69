import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiFailure } from "../../api/failure";
import { Ago } from "../../parts/Ago";
import { Drawer } from "../../parts/Drawer";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { PulseIcon } from "../../parts/icons";
import { LabelChips } from "../../parts/LabelChips";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import { Menu } from "../../parts/Menu";
import { Panel } from "../../parts/Panel";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { visit } from "../../shell/address";
import { useNamedSubject } from "../../shell/subjects";
import { CertificateFacts } from "./CertificateFacts";
import { complaintOf, reasonWords, secondsOf, type Check, type Examined } from "./check";
import styles from "./CheckPage.module.css";
import { CheckStateWord } from "./CheckStateWord";
import { Deletion } from "./Deletion";
import { Examination } from "./Examination";
import { PingsPanel, ReportsPanel } from "./HeartbeatPanels";
import { IncidentsPanel } from "./IncidentsPanel";
import { isProbed, kindWord } from "./kinds";
import { LatencyPanel } from "./LatencyPanel";
import { LocationsPanel } from "./LocationsPanel";
import { ResultsPanel } from "./ResultsPanel";
import { StatePanel } from "./StatePanel";
import { probeNow, turn, useCheck } from "./store";
import { UptimeTiles } from "./UptimeTiles";

/** How a check stands, how it stood, and what its probes found. */
export function CheckPage({ id }: { id: number }) {
  const { data, error, isPending } = useCheck(id);
  const late = useLate(isPending);
  useNamedSubject("/checks", String(id), data?.name);
  if (error instanceof ApiFailure && error.code === "not_found") {
    return (
      <EmptyState icon={<PulseIcon />} title="This check is not there">
        <p>It may have been deleted. <Link to="/checks">See all checks</Link></p>
      </EmptyState>
    );
  }
  if (!data) return error ? <Failure failure={error} /> : late ? <Placeholder height={320} /> : null;
  return <Known check={data} />;
}

function Known({ check }: { check: Check }) {
  const { status, type, id } = check;
  return (
    <div className={styles.page}>
      <Head check={check} />
      <UptimeTiles check={check} />
      <StatePanel check={check} />
      <div className={styles.columns}>
        <div className={styles.column}>
          {type === "heartbeat" && <ReportsPanel id={id} />}
          <LatencyPanel check={check} />
        </div>
        <div className={styles.column}>
          {type === "heartbeat" && <PingsPanel id={id} />}
          <IncidentsPanel id={id} />
          {isProbed(type) && <LocationsPanel status={status} />}
          {status.certificate && <Panel title="Certificate"><div className={styles.inside}><CertificateFacts certificate={status.certificate} /></div></Panel>}
        </div>
      </div>
      <ResultsPanel check={check} />
    </div>
  );
}

function Head({ check }: { check: Check }) {
  const { id, name, status, type, url, group, tags, description, runbook_url, interval, enabled } = check;
  const client = useQueryClient();
  const [busy, setBusy] = useState("");
  const [failure, setFailure] = useState<Error | null>(null);
  const [found, setFound] = useState<Examined | null>(null);
  const [asks, setAsks] = useState(false);
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    setBusy(what);
    setFailure(null);
    try {
      await work();
    } catch (reason) {
      setFailure(reason instanceof Error ? reason : new Error(String(reason)));
    }
    setBusy("");
  };
  const switchTo = (action: "pause" | "resume"): Promise<void> => attempt(action, async () => {
    client.setQueryData(["checks", "one", id], await turn(id, action));
    await client.invalidateQueries({ queryKey: ["checks"] });
  });
  const complaint = complaintOf(status, type);
  return (
    <header className={styles.head}>
      <div className={styles.names}>
        <div className={styles.title}>
          <h1>{name}</h1>
          <span className={styles.state} data-state={status.state}>
            <CheckStateWord state={status.state} /> <Ago time={secondsOf(status.since)} ongoing />
          </span>
        </div>
        <p className={styles.facts}>
          <span>{kindWord(type)}</span>
          {url && <span className={styles.url}>{/^https?:/.test(url) && !url.includes("***") ? <a href={url} target="_blank" rel="noreferrer">{url}</a> : url}</span>}
          {(isProbed(type) || type === "promql") && <span>every {interval}</span>}
          {group && <span>in <Link to="/checks" find={{ group }}>{group}</Link></span>}
          {runbook_url && <a href={runbook_url} target="_blank" rel="noreferrer">Runbook</a>}
        </p>
        {description && <p className={styles.quiet}>{description}</p>}
        <LabelChips labels={tags} label="Tags" />
      </div>
      <div className={styles.tools}>
        {type !== "heartbeat" && <Button variant="default" size="xs" loading={busy === "probe"} onClick={() => void attempt("probe", async () => setFound(await probeNow(id)))}>Probe now</Button>}
        <Button variant="default" size="xs" loading={busy === "pause" || busy === "resume"} onClick={() => void switchTo(enabled ? "pause" : "resume")}>{enabled ? "Pause" : "Resume"}</Button>
        <LinkButton to={`/checks/${id}`} find={{ edit: String(id) }}>Edit</LinkButton>
        <Menu label="More about this check">
          <button type="button" onClick={() => visit("/checks", { edit: "+", like: String(id) })}>Duplicate</button>
          <button type="button" data-danger onClick={() => setAsks(true)}>Delete…</button>
        </Menu>
      </div>
      {failure && <p className={styles.error} role="alert">{failure.message}</p>}
      {asks && <Deletion check={check} onKeep={() => setAsks(false)} />}
      {complaint && (
        <div className={styles.complaint} data-state={status.state}>
          <b>{status.message ? reasonWords(status.reason === "verdict" ? status.probe_reason : status.reason) : complaint}</b>
          {status.message && <span>{complaint}</span>}
          {status.incident_id !== null && <Link to={`/incidents/${status.incident_id}`}>Incident {status.incident_id}</Link>}
        </div>
      )}
      {found && (
        <Drawer label="What a probe finds now" onClose={() => setFound(null)} head={<h2 className={styles.drawn}>Probed just now</h2>}>
          <p className={styles.quiet}>From here, once. It changes nothing of how the check stands.</p>
          <Examination found={found} />
        </Drawer>
      )}
    </header>
  );
}
