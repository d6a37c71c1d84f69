import { TextInput } from "@mantine/core";
import { useDebouncedValue, useMediaQuery } from "@mantine/hooks";
import { useMemo, useState } from "react";
import { Ago } from "../../parts/Ago";
import { Awaited } from "../../parts/Awaited";
import { EmptyState } from "../../parts/EmptyState";
import { PulseIcon } from "../../parts/icons";
import { Link } from "../../parts/Link";
import { LinkButton } from "../../parts/LinkButton";
import list from "../../parts/ListPage.module.css";
import table from "../../parts/LongTable.module.css";
import { Select } from "../../parts/Select";
import textButton from "../../parts/TextButton.module.css";
import { useLate } from "../../parts/useLate";
import { useStandingFailure } from "../../parts/useStandingFailure";
import { VirtualRows } from "../../parts/VirtualRows";
import { put, useAddress } from "../../shell/address";
import { complaintOf, latency, percent, secondsOf, STATES, type ListedCheck } from "./check";
import { allTagsOf, blocksOf, groupsOf, linesOf, matching, type Line, type Wanted } from "./checkList";
import styles from "./CheckList.module.css";
import { CheckStateWord } from "./CheckStateWord";
import { isProbed, kindWord } from "./kinds";
import { NoChecks } from "./NoChecks";
import { StateCounts } from "./StateCounts";
import { STRIP, useChecks, useStrips, type Strip } from "./store";
import { VerdictStrip } from "./VerdictStrip";

const ROW = 56;
const CARD = 108;
const BLOCK = 20;
/** Lines that most screens show before the list has been measured. */
const AT_FIRST = 20;
/** Scrolling has paused for so long before strips are asked for. */
const PAUSE_MS = 120;
const ANY = "\u0001";
/** What the address calls the checks of no group. */
const NO_GROUP = "-";

/** All checks by group, what is worst first. */
export function CheckList() {
  const { data, error, isPending } = useChecks();
  const { search } = useAddress();
  const late = useLate(isPending);
  const failure = useStandingFailure(error, data !== undefined);
  const cards = useMediaQuery("(max-width: 999px)", false, { getInitialValueInEffect: false });
  const wanted = useMemo<Wanted>(
    () => ({ state: STATES.find((one) => one === search.get("state")) ?? null, group: search.get("group") === NO_GROUP ? "" : search.get("group"), tag: search.get("tag"), text: search.get("find") ?? "" }),
    [search],
  );
  const found = useMemo(() => matching(data ?? [], { ...wanted, state: null }), [data, wanted]);
  const all = useMemo(() => linesOf(wanted.state ? found.filter((one) => one.status.state === wanted.state) : found), [found, wanted.state]);
  // A heading would take the space of a card, so cards say their group themselves.
  const lines = useMemo(() => (cards ? all.filter((line) => line.kind === "check") : all), [all, cards]);
  const [seen, setSeen] = useState<readonly [number, number]>([0, AT_FIRST]);
  const [settled] = useDebouncedValue(seen, PAUSE_MS);
  const blocks = useMemo(() => blocksOf(settled[0], Math.min(settled[1], lines.length), BLOCK).map((block) => idsOf(lines.slice(block * BLOCK, (block + 1) * BLOCK))), [lines, settled]);
  const strips = useStrips(blocks);
  if (!data) {
    return <Awaited title="Checks" failure={failure} late={late} height={320} />;
  }
  if (data.length === 0) return <NoChecks />;
  return (
    <div className={table.page}>
      <div className={list.head}>
        <h1>Checks <span className={list.count}>{data.length.toLocaleString("en")}</span></h1>
        <div className={`${list.tools} ${table.tools} ${styles.tools}`}>
          <Filters checks={data} wanted={wanted} />
          <LinkButton main to="/checks" find={{ edit: "+" }}>New check</LinkButton>
        </div>
      </div>
      <StateCounts checks={found} chosen={wanted.state} onChoose={(state) => put("state", state ?? "")} />
      {lines.length === 0 ? (
        <EmptyState icon={<PulseIcon />} title="No check matches" within>
          <p>Names, addresses, types, groups and tags are searched.</p>
          <p><button type="button" className={textButton.button} onClick={() => ["state", "group", "tag", "find"].forEach((one) => put(one, ""))}>Show all checks</button></p>
        </EmptyState>
      ) : (
        <VirtualRows
          count={lines.length}
          rowHeight={cards ? CARD : ROW}
          className={table.frame}
          role="table"
          label="Checks"
          head={<Head />}
          onRange={(first, last) => setSeen([first, last])}
          render={(at) => <Row key={keyOf(lines[at] as Line)} line={lines[at] as Line} at={at} strips={strips} />}
        />
      )}
    </div>
  );
}

/** In an order that stays when a check moves within its block. */
const idsOf = (lines: readonly Line[]): number[] => lines.flatMap((line) => (line.kind === "check" ? [line.check.id] : [])).sort((a, b) => a - b);
const keyOf = (line: Line): string => (line.kind === "check" ? `check ${line.check.id}` : `group ${line.name}`);

function Filters({ checks, wanted }: { checks: readonly ListedCheck[]; wanted: Wanted }) {
  const groups = useMemo(() => groupsOf(checks), [checks]);
  const tags = useMemo(() => allTagsOf(checks), [checks]);
  return (
    <>
      {(groups.length > 1 || wanted.group !== null) && (
        <Select
          label="Group"
          value={wanted.group === null ? ANY : wanted.group || NO_GROUP}
          options={[[ANY, "All groups"], ...groups.map((one) => [one || NO_GROUP, one || "No group"] as const)]}
          onChange={(value) => put("group", value === ANY ? "" : value)}
        />
      )}
      {(tags.length > 0 || wanted.tag !== null) && (
        <Select label="Tag" value={wanted.tag ?? ANY} options={[[ANY, "All tags"], ...tags.map((one) => [one, one] as const)]} onChange={(value) => put("tag", value === ANY ? "" : value)} />
      )}
      <TextInput aria-label="Find a check" placeholder="Find by name, address, type or tag" type="search" className={styles.find} value={wanted.text} onChange={(event) => put("find", event.currentTarget.value)} />
    </>
  );
}

function Head() {
  return (
    <div className={`${table.headRow} ${styles.columns}`} role="row" aria-rowindex={1}>
      <span role="columnheader">State</span>
      <span role="columnheader">Check</span>
      <span role="columnheader">Last {STRIP} probes</span>
      <span role="columnheader" className={styles.number}>Latency</span>
      <span role="columnheader" className={styles.number}>Up, 24 h</span>
      <span role="columnheader" className={styles.number}>Up, 30 d</span>
    </div>
  );
}

function Row({ line, at, strips }: { line: Line; at: number; strips: ReadonlyMap<number, Strip> }) {
  if (line.kind === "group") {
    return (
      <div className={styles.group} role="row" aria-rowindex={at + 2}>
        <span role="rowheader" className={styles.groupName}>
          <strong title={line.name}>{line.name || "No group"}</strong>
          <span className={table.quiet}>{line.count.toLocaleString("en")}{line.ailing > 0 && ` · ${line.ailing} not well`}</span>
        </span>
      </div>
    );
  }
  const { check } = line;
  const { status } = check;
  const strip = strips.get(check.id);
  const complaint = complaintOf(status, check.type);
  const off = status.state === "paused";
  return (
    <div className={`${table.row} ${styles.columns} ${styles.row}`} role="row" aria-rowindex={at + 2} data-off={off || undefined}>
      <span role="cell" className={table.states}>
        <CheckStateWord state={status.state} />
        <span className={`${table.quiet} ${table.short}`}><Ago time={secondsOf(status.since)} ongoing /></span>
      </span>
      <span role="rowheader" className={table.who}>
        <Link to={`/checks/${check.id}`} className={table.name} title={check.name}>{check.name}</Link>
        <span className={table.quiet} title={check.url}>{check.group && <span className={styles.ofGroup}>{check.group} · </span>}{kindWord(check.type)}{check.url && ` · ${check.url}`}</span>
      </span>
      <span role="cell" className={`${table.what} ${styles.what}`}>
        <VerdictStrip results={strip?.results} length={STRIP} label={check.name} />
        {complaint && <span className={`${table.short} ${status.state === "down" ? table.complaint : table.quiet}`} title={complaint}>{complaint}</span>}
      </span>
      <span role="cell" className={styles.number} data-word="Latency">{off || !isProbed(check.type) ? "–" : latency(status.latency_ms)}</span>
      <span role="cell" className={styles.number} data-word="Up, 24 h">{strip ? percent(strip.uptime["24h"]) : ""}</span>
      <span role="cell" className={styles.number} data-word="Up, 30 d">{strip ? percent(strip.uptime["30d"]) : ""}</span>
    </div>
  );
}
