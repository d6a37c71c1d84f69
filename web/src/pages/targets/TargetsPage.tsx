import { TextInput } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Target } from "../../api/responses";
import { format } from "../../charts/units";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import { Choices } from "../../parts/Choices";
import { Copy } from "../../parts/Copy";
import { EmptyState } from "../../parts/EmptyState";
import { TargetIcon } from "../../parts/icons";
import list from "../../parts/ListPage.module.css";
import { StateWord, type Tone } from "../../parts/StateWord";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { select } from "../../series/selector";
import { useInstantQuery } from "../../series/useInstantQuery";
import { hrefOf, put, readAddress, useAddress, withSearch } from "../../shell/address";
import { instanceOf, jobsOf, matching, toneOf, type Job, type Wanted } from "./jobs";
import styles from "./TargetsPage.module.css";
import { useTargets } from "./useTargets";

const TONES: Record<Target["health"], Tone> = { up: "good", down: "critical", unknown: "neutral" };
const WORDS: Record<Target["health"], string> = { up: "Up", down: "Down", unknown: "Not yet" };
const CHOICES: ReadonlyArray<readonly [Wanted, string]> = [["all", "All"], ["down", "Not up"], ["up", "Up"]];
const MOST_DROPPED = 100;
const SNIPPET = `[[scrape]]
job = "node"
interval = "15s"
targets = ["127.0.0.1:9100"]
`;

/** Who is scraped, who answers, and why not. */
export default function TargetsPage() {
  const { data, error, isPending } = useTargets();
  const { search } = useAddress();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const samples = useInstantQuery("scrape_samples_scraped").data;
  const counts = useMemo(() => new Map(samples?.map(({ labels, value }) => [`${labels.job}\u0001${labels.instance}`, value])), [samples]);
  const wanted = (CHOICES.find(([choice]) => choice === search.get("state"))?.[0] ?? "all") satisfies Wanted;
  const text = search.get("find") ?? "";
  if (!data) {
    return <Awaited title="Targets" failure={failure} late={late} height={160} />;
  }
  if (data.activeTargets.length === 0 && data.droppedTargets.length === 0) return <NoTargets />;
  const jobs = jobsOf(matching(data.activeTargets, wanted, text));
  const down = data.activeTargets.filter((target) => target.health === "down").length;
  return (
    <div className={styles.page}>
      <div className={list.head}>
        <h1>Targets <span className={list.count}>{data.activeTargets.length}</span></h1>
        {down > 0 && <StateWord tone="critical">{down === 1 ? "1 down" : `${down} down`}</StateWord>}
        <div className={`${list.tools} ${styles.tools}`}>
          <Choices label="State" choices={CHOICES} chosen={wanted} onChoose={(choice) => put("state", choice === "all" ? "" : choice)} />
          <TextInput aria-label="Find a target" placeholder="Find by address, label or error" type="search" value={text} onChange={(event) => put("find", event.currentTarget.value)} />
        </div>
      </div>
      {jobs.length === 0 && <EmptyState icon={<TargetIcon />} title="No target matches" within><p>Addresses, labels and last errors are searched.</p></EmptyState>}
      {jobs.map((job) => <JobSection key={job.name} job={job} counts={counts} />)}
      {data.droppedTargets.length > 0 && <Dropped labels={data.droppedTargets.map((target) => target.discoveredLabels)} />}
    </div>
  );
}

function JobSection({ job, counts }: { job: Job; counts: ReadonlyMap<string, number> }) {
  const [first] = job.targets;
  return (
    <section className={styles.job} aria-label={job.name}>
      <h2 className={styles.name}>
        {job.name}
        <StateWord tone={toneOf(job)}>{job.up} of {job.targets.length} up</StateWord>
        {first && <span className={`${list.count} ${styles.every}`}>every {first.scrapeInterval}</span>}
      </h2>
      <div className={styles.frame}>
        <table className={styles.table} aria-label={`Targets of ${job.name}`}>
          <thead>
            <tr>
              <th scope="col">Target</th>
              <th scope="col">State</th>
              <th scope="col">Last scrape</th>
              <th scope="col">Took</th>
              <th scope="col">Samples</th>
            </tr>
          </thead>
          <tbody>
            {job.targets.map((target) => <Row key={`${target.scrapeUrl} ${instanceOf(target)}`} target={target} samples={counts.get(`${target.labels.job}\u0001${target.labels.instance}`)} />)}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ target, samples }: { target: Target; samples: number | undefined }) {
  const { job = "", instance = "", ...others } = target.labels;
  const scraped = Date.parse(target.lastScrape) / 1000;
  return (
    <tr>
      <th scope="row">
        <a className={styles.address} href={exploreAddress(job, instance)} title="See it in Explore">{instance || target.scrapeUrl}</a>
        <span className={styles.url}>{target.scrapeUrl}</span>
        {Object.keys(others).length > 0 && (
          <span className={styles.labels}>{Object.entries(others).map(([name, value]) => <code key={name}>{name}={value}</code>)}</span>
        )}
        {target.lastError && <span className={styles.error} data-standing={target.health === "down" || undefined}>{target.lastError}</span>}
      </th>
      <td data-word="State"><StateWord tone={TONES[target.health]}>{WORDS[target.health]}</StateWord></td>
      <td data-word="Last scrape">{scraped > 0 ? <Ago time={scraped} /> : "Not yet"}</td>
      <td data-word="Took">{scraped > 0 ? format("seconds", target.lastScrapeDuration) : "–"}</td>
      <td data-word="Samples">{target.health === "up" && samples !== undefined ? samples.toLocaleString("en-GB") : "–"}</td>
    </tr>
  );
}

function exploreAddress(job: string, instance: string): string {
  const search = new URLSearchParams(hrefOf("/explore", readAddress().search).split("?")[1] ?? "");
  search.set("q", select("up", { job, instance }));
  return withSearch("/ui/explore", search);
}

/** Found, but left out by relabelling: what they were called before tells why. */
function Dropped({ labels }: { labels: ReadonlyArray<Record<string, string>> }) {
  return (
    <details className={styles.dropped}>
      <summary>Left out by relabelling <span className={list.count}>{labels.length}</span></summary>
      <ul>
        {labels.slice(0, MOST_DROPPED).map((one, at) => (
          <li key={at} className={styles.labels}>{Object.entries(one).map(([name, value]) => <code key={name}>{name}={value}</code>)}</li>
        ))}
      </ul>
      {labels.length > MOST_DROPPED && <p className={list.count}>and {labels.length - MOST_DROPPED} more</p>}
    </details>
  );
}

function NoTargets() {
  const [copied, setCopied] = useState(false);
  return (
    <EmptyState icon={<TargetIcon />} title="Nothing is scraped yet">
      <p>Anything with a Prometheus endpoint can be: name it in <code>sightline.toml</code>, in the folder that Sightline starts in, and start it again.</p>
      <pre className={styles.snippet} tabIndex={0} aria-label="Settings for a first target">{SNIPPET}</pre>
      <Copy text={SNIPPET} copied={copied} onCopied={setCopied} />
    </EmptyState>
  );
}
