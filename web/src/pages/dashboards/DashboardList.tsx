import { Button, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { EmptyState } from "../../parts/EmptyState";
import { Failure } from "../../parts/Failure";
import { AlertIcon, DashboardIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import { Placeholder } from "../../parts/Placeholder";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { visit } from "../../shell/address";
import { freeName, nameFrom, type Listed, type Origin } from "./dashboard";
import styles from "./DashboardList.module.css";
import { saveText, useListing } from "./store";

const WORDS: Record<Origin, string> = { saved: "Saved here", file: "From a file", "ready-made": "Ready-made" };

const FEW_PROBLEMS = 3;

/** All dashboards by title, and the ways to begin another. */
export function DashboardList() {
  const { data, error, isPending } = useListing();
  const [wanted, setWanted] = useState("");
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (data?.dashboards ?? []).filter((one) => words.every((word) => `${one.title} ${one.description} ${one.name}`.toLowerCase().includes(word)));
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1>Dashboards <span className={styles.count}>{data?.dashboards.length ?? ""}</span></h1>
        <div className={styles.tools}>
          <TextInput aria-label="Find a dashboard" placeholder="Find" type="search" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} />
          <Import taken={new Set(data?.dashboards.map((one) => one.name))} />
          <LinkButton main to="/dashboards/+">New dashboard</LinkButton>
        </div>
      </div>
      {data && data.problems.length > 0 && <Problems problems={data.problems} />}
      {!data ? (
        failure ? <Failure failure={failure} compact /> : late ? <Placeholder height={160} /> : null
      ) : found.length === 0 ? (
        <EmptyState icon={<DashboardIcon />} title={wanted ? "No dashboard matches" : "No dashboards yet"} within>
          <p>{wanted ? "Titles, descriptions and names are searched." : "A dashboard puts several charts on one page."}</p>
        </EmptyState>
      ) : (
        <ul className={styles.grid} aria-label="Dashboards">
          {found.map((one) => <Card key={one.name} listed={one} />)}
        </ul>
      )}
    </div>
  );
}

/** What is wrong with the files: a few are shown, of many first their number. */
function Problems({ problems }: { problems: readonly string[] }) {
  return (
    <details className={styles.problems} open={problems.length <= FEW_PROBLEMS}>
      <summary className={styles.summary}>
        <AlertIcon className={styles.problemIcon} />
        {problems.length === 1 ? "1 problem" : `${problems.length} problems`} with dashboards in files
      </summary>
      <ul>
        {problems.map((problem) => <li key={problem}>{problem}</li>)}
      </ul>
    </details>
  );
}

function Card({ listed }: { listed: Listed }) {
  return (
    <li className={styles.card}>
      <h2 className={styles.title}><Link to={`/dashboards/${listed.name}`}>{listed.title}</Link></h2>
      <p className={styles.description}>{listed.description || "No description."}</p>
      <p className={styles.facts}>
        <span title={listed.file}>{WORDS[listed.origin]}</span>
        <span>{listed.panels === 1 ? "1 panel" : `${listed.panels} panels`}</span>
      </p>
    </li>
  );
}

/** A dashboard from the YAML or JSON file of another installation. */
function Import({ taken }: { taken: ReadonlySet<string> }) {
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const read = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    setProblem(null);
    try {
      const text = await file.text();
      const own = /^["']?name["']?\s*:\s*["']?([a-z0-9-]+)/m.exec(text.replace(/^\{\s*/, ""))?.[1];
      const name = freeName(own ?? nameFrom(file.name.replace(/\.\w+$/, "")), taken);
      await saveText(name, own && name !== own ? text.replace(own, name) : text);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      visit(`/dashboards/${name}`);
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure));
    }
    if (input.current) input.current.value = "";
  };
  return (
    <>
      <Button variant="default" onClick={() => input.current?.click()}>Import</Button>
      <input ref={input} type="file" accept=".yaml,.yml,.json" hidden aria-label="File with a dashboard" onChange={(event) => void read(event.currentTarget.files?.[0])} />
      {problem && <p className={styles.refused} role="alert">{problem}</p>}
    </>
  );
}
