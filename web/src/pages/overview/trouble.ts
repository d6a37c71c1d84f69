import type { Alert, Rule, Target } from "../../api/responses";
import type { Reading } from "../../series/useInstantQuery";
import { activeSince } from "../../series/useAlerts";
import { complaintOf, secondsOf, STATE_WORD, type ListedCheck } from "../checks/check";
import { verdictOf as verdictOfContainer, type Container } from "../containers/container";
import { DISK_LIMITS, judge, sayPercent, SILENT_AFTER } from "../hosts/limits";
import { seenAt, SERVER_SILENT_AFTER, type Server } from "../servers/server";
import { instanceOf } from "../targets/jobs";

/** One thing that is wrong: how bad, what, where, since when, and the page that tells more. */
export interface Trouble {
  key: string;
  tone: "critical" | "warning";
  /** The state in a word or two. */
  word: string;
  /** What it is about, as one calls it. */
  subject: string;
  summary: string;
  to: string;
  /** Seconds; null where it is not known. */
  since: number | null;
  /** What many of its kind are together: "hosts" of which "a filesystem is filling up", on one page. */
  kind: { nouns: string; summary: string; to: string };
}

/** What is older than this is no news of the night: it is in the lists, but not what is wrong now. */
const NEWS = 86_400;
/** A container that failed this recently is likely missed. */
const EXIT_NEWS = 3_600;
/** So many of a kind stand in a line each, more become one. */
const MOST_OF_A_KIND = 3;
/** So many of them that one has are called by their names. */
const MOST_NAMES = 3;

const pathOf = (section: string, name: string): string => `/${section}/${encodeURIComponent(name)}`;

const ALERTS: Partial<Record<Alert["state"], Pick<Trouble, "tone" | "word">>> = {
  firing: { tone: "critical", word: "Firing" },
  pending: { tone: "warning", word: "Pending" },
  unknown: { tone: "warning", word: "Unknown" },
};

/** Tells what a target that is down tells by itself. */
const OF_TARGETS = "HostDown";
/** Tell what a check tells by itself. */
const OF_CHECKS = new Set(["CheckDown", "CheckDegraded"]);

/** What has come to notice: firing before pending. down: instances of targets that are told of as being down, so that none is told of twice; checks: likewise. */
export function alertTroubles(alerts: readonly Alert[], down: readonly string[] = [], checks: readonly ListedCheck[] = []): Trouble[] {
  const byName = new Map(checks.map((check) => [check.name, check]));
  const toldOf = ({ alertname, check }: Alert["labels"]): boolean => OF_CHECKS.has(alertname ?? "") && toneOfCheck(byName.get(check ?? "")) !== null;
  return alerts
    .filter(({ labels }) => (labels.alertname !== OF_TARGETS || !down.includes(labels.instance ?? "")) && !toldOf(labels))
    .flatMap((alert) => {
      const said = ALERTS[alert.state];
      return said ? [{ alert, said }] : [];
    })
    .map(({ alert, said }) => ({
      key: `alert ${JSON.stringify(alert.labels)}`,
      ...said,
      ...placeOf(alert, byName),
      summary: [alert.labels.alertname, alert.annotations.summary].filter(Boolean).join(": "),
      since: activeSince(alert),
      kind: { nouns: "alerts", summary: alert.labels.alertname ?? "", to: "/alerts" },
    }));
}

/** Where an alert leads: to the container, server, host or check that it is about. */
function placeOf({ labels }: Alert, checks: ReadonlyMap<string, ListedCheck>): { subject: string; to: string } {
  const { id, name, server_id: server, hostname, instance, check, alertname = "" } = labels;
  if (id && name) return { subject: name, to: pathOf("containers", name) };
  if (server && hostname) return { subject: hostname, to: pathOf("servers", hostname) };
  if (instance) return { subject: instance, to: pathOf("hosts", instance) };
  const about = checks.get(check ?? "");
  return about ? { subject: about.name, to: `/checks/${about.id}` } : { subject: check ?? alertname, to: "/alerts" };
}

/** How bad it is that a check stands so; nothing where it is well, nobody can tell, or something else is to blame. */
function toneOfCheck(check: ListedCheck | undefined): Trouble["tone"] | null {
  return check?.status.state === "down" ? "critical" : check?.status.state === "degraded" ? "warning" : null;
}

/** Checks that find something down or slow, with what they found. */
export function checkTroubles(checks: readonly ListedCheck[]): Trouble[] {
  return checks.flatMap<Trouble>((check) => {
    const tone = toneOfCheck(check);
    if (!tone) return [];
    const { status } = check;
    const found = complaintOf(status, check.type);
    return [{ key: `check ${check.id}`, tone, word: STATE_WORD[status.state], subject: check.name, summary: [`Check of ${check.url || check.type}`, found].filter(Boolean).join(": "), to: `/checks/${check.id}`, since: secondsOf(status.since), kind: { nouns: "checks", summary: "Checks", to: "/checks" } }];
  });
}

/** What a rule watches is not known while it cannot be evaluated. */
export function ruleTroubles(rules: readonly Rule[]): Trouble[] {
  return rules
    .filter((rule) => rule.health === "err")
    .map((rule) => ({ key: `rule ${rule.name}`, tone: "warning", word: "Rule fails", subject: rule.name, summary: rule.lastError ?? "It cannot be evaluated.", to: "/alerts", since: rule.failingSince ? Date.parse(rule.failingSince) / 1000 : null, kind: { nouns: "rules", summary: "Cannot be evaluated", to: "/alerts" } }));
}

/** Targets that do not answer; `lastUp` has the moment each last did, by its instance. */
export function targetTroubles(targets: readonly Target[], lastUp: ReadonlyMap<string, number>): Trouble[] {
  return targets
    .filter((target) => target.health === "down")
    .map((target) => ({
      key: `target ${target.scrapePool} ${target.scrapeUrl}`,
      tone: "critical",
      word: "Down",
      subject: instanceOf(target),
      summary: `Target of ${target.scrapePool}: ${target.lastError}`,
      to: "/targets",
      since: lastUp.get(instanceOf(target)) ?? null,
      kind: { nouns: "targets", summary: `Targets of ${target.scrapePool}`, to: "/targets" },
    }));
}

/** Hosts that stopped reporting within the last day; `reported` has the latest report of each, where one is known. */
export function hostTroubles(reported: ReadonlyMap<string, number>, now: number): Trouble[] {
  return [...reported]
    .filter(([, time]) => now - time > SILENT_AFTER && now - time < NEWS)
    .map(([host, time]) => ({ key: `host ${host}`, tone: "critical", word: "Silent", subject: host, summary: "The host does not report any more", to: pathOf("hosts", host), since: time, kind: { nouns: "hosts", summary: "Do not report any more", to: "/hosts" } }));
}

/** The fullest filesystem of every host, where it is too full. */
export function diskTroubles(filesystems: readonly Reading[]): Trouble[] {
  const fullest = new Map<string, Reading>();
  for (const one of filesystems) {
    const best = fullest.get(one.labels.instance ?? "");
    if (!best || one.value > best.value || (one.value === best.value && shorter(one, best))) fullest.set(one.labels.instance ?? "", one);
  }
  return [...fullest].flatMap<Trouble>(([host, { labels, value }]) => {
    const verdict = judge(value, DISK_LIMITS);
    if (verdict?.tone !== "critical" && verdict?.tone !== "warning") return [];
    return [{ key: `disk ${host}`, tone: verdict.tone, word: verdict.word, subject: host, summary: `${labels.mountpoint} is ${sayPercent(Math.floor(value))} full`, to: pathOf("hosts", host), since: null, kind: { nouns: "hosts", summary: "Filesystems", to: "/hosts" } }];
  });
}

/** Bind mounts repeat a filesystem under longer paths. */
const shorter = (one: Reading, other: Reading): boolean => (one.labels.mountpoint ?? "").length < (other.labels.mountpoint ?? "").length;

/** Containers that are not well and of which no alert tells already. */
export function containerTroubles(containers: readonly Container[], alerts: readonly Alert[], now: number): Trouble[] {
  const told = new Set(alerts.filter((alert) => alert.state !== "resolved").map((alert) => alert.labels.id));
  return containers.flatMap<Trouble>((container) => {
    const { tone, word } = verdictOfContainer(container);
    if (told.has(container.id) || (tone !== "critical" && tone !== "warning")) return [];
    const ended = container.finished_at === null ? null : Date.parse(container.finished_at) / 1000;
    if (container.state === "exited" && (ended === null || now - ended > EXIT_NEWS)) return [];
    return [{ key: `container ${container.id}`, tone, word, subject: container.name, summary: `Container of ${container.image}: ${container.status}`, to: pathOf("containers", container.name), since: container.state === "running" ? null : ended, kind: { nouns: "containers", summary: "Containers", to: "/containers" } }];
  });
}

/** Servers that stopped reporting over REST within the last day. */
export function serverTroubles(servers: readonly Server[], now: number): Trouble[] {
  return servers.flatMap<Trouble>((server) => {
    const seen = seenAt(server);
    if (seen === null || now - seen <= SERVER_SILENT_AFTER || now - seen > NEWS) return [];
    return [{ key: `server ${server.id}`, tone: "warning", word: "Silent", subject: server.hostname, summary: "The server does not report any more", to: pathOf("servers", server.hostname), since: seen, kind: { nouns: "servers", summary: "Do not report any more", to: "/servers" } }];
  });
}

/** Many of a kind in the same state become one line that counts them, since the first of them. */
export function gathered(troubles: readonly Trouble[]): Trouble[] {
  const groups = new Map<string, Trouble[]>();
  for (const trouble of troubles) {
    const group = `${trouble.word} ${trouble.kind.nouns} ${trouble.kind.summary}`;
    const own = groups.get(group);
    if (own) own.push(trouble);
    else groups.set(group, [trouble]);
  }
  return [...groups].flatMap(([group, own]) => (own.length > MOST_OF_A_KIND ? [together(group, own)] : own));
}

function together(key: string, troubles: readonly Trouble[]): Trouble {
  const [first] = troubles as [Trouble];
  const { nouns, summary, to } = first.kind;
  const names = troubles.map((trouble) => trouble.subject);
  const since = troubles.flatMap((trouble) => trouble.since ?? []);
  return { ...first, key, subject: `${troubles.length} ${nouns}`, summary: `${summary}: ${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more`, to, since: since.length > 0 ? Math.min(...since) : null };
}

const WEIGHT: Record<Trouble["tone"], number> = { critical: 0, warning: 1 };

/** The worst first, then what has lasted longest. */
export function byWeight(troubles: readonly Trouble[]): Trouble[] {
  const since = (trouble: Trouble): number => trouble.since ?? Infinity;
  return [...troubles].sort((a, b) => WEIGHT[a.tone] - WEIGHT[b.tone] || (since(a) === since(b) ? a.subject.localeCompare(b.subject, undefined, { numeric: true }) : since(a) - since(b)));
}

/** The page's one sentence: "2 things are wrong", "Nothing is wrong". */
export function headline(troubles: readonly Trouble[]): string {
  const wrong = troubles.filter((trouble) => trouble.tone === "critical").length;
  const noticed = troubles.length - wrong;
  if (wrong > 0) return wrong === 1 ? "1 thing is wrong" : `${wrong} things are wrong`;
  if (noticed > 0) return noticed === 1 ? "1 thing to look at" : `${noticed} things to look at`;
  return "Nothing is wrong";
}
