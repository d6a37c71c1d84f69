import type { NamedCheck } from "../../uptime/useCheckNames";

/** Status pages as the API has them. */
export interface PageGroup {
  name: string;
  checks: string[];
  /** `*` is every check. */
  groups: string[];
  /** Only checks with all of these. */
  tags: Record<string, string>;
  collapsed: boolean;
}

export type Channel = "rss" | "email" | "webhook";
export type Span = "24h" | "7d" | "30d" | "90d";

export interface Shows {
  uptime: boolean;
  bars: boolean;
  latency: boolean;
  /** For how many days incidents are listed. */
  incidents: number;
  maintenance: boolean;
  windows: Span[];
}

export interface WrittenPage {
  slug: string;
  title: string;
  description: string;
  groups: PageGroup[];
  /** What checks are called here, by their own names. */
  names: Record<string, string>;
  shows: Shows;
  published: boolean;
  /** Three asterisks where there is one that stays. */
  password: string;
  domains: string[];
  theme: "auto" | "light" | "dark";
  accent: string;
  link: string;
  announcement: string;
  footer: string;
  unknown: "ignore" | "up" | "down";
  timezone: string;
  subscribe: Channel[];
  /** ms. */
  notify_after: number;
}

export interface StatusPage extends WrittenPage {
  version: number;
  path: string;
}

export const MASKED = "***";
export const SPANS: readonly Span[] = ["24h", "7d", "30d", "90d"];
export const CHANNELS: ReadonlyArray<readonly [Channel, string]> = [["rss", "RSS feed"], ["email", "Email"], ["webhook", "Webhook"]];

export const EMPTY_GROUP: PageGroup = { name: "", checks: [], groups: [], tags: {}, collapsed: false };

/** A page as the API tells of it, where groups leave out what says nothing and a time is a text, such as `1m30s`. */
export interface ToldPage extends Omit<StatusPage, "groups" | "notify_after"> {
  groups: Array<Partial<PageGroup>>;
  notify_after: string;
}

export const wholeOf = (told: ToldPage): StatusPage => ({ ...told, groups: told.groups.map((one) => ({ ...EMPTY_GROUP, ...one })), notify_after: millisecondsOf(told.notify_after) });

const LENGTHS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const millisecondsOf = (text: string): number => [...text.matchAll(/(\d+)(ms|[smh])/g)].reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (LENGTHS[unit] ?? 0), 0);

export const newPage = (timezone: string): WrittenPage => ({
  slug: "", title: "", description: "", groups: [{ ...EMPTY_GROUP, groups: ["*"] }], names: {}, shows: { uptime: true, bars: true, latency: false, incidents: 14, maintenance: true, windows: ["90d"] },
  published: true, password: "", domains: [], theme: "auto", accent: "", link: "", announcement: "", footer: "", unknown: "ignore", timezone, subscribe: ["rss", "email"], notify_after: 120_000,
});

/** What is sent of a page that was shown. */
export function writtenOf({ version: _, path: __, ...page }: StatusPage): WrittenPage {
  return page;
}

/** "Acme & Söhne" as "acme-sohne": letters without their marks, digits and hyphens. */
export function slugOf(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]/g, "").replace(/[^a-z0-9]+/g, "-").slice(0, 63).replace(/^-+|-+$/g, "");
}

/** What is wrong with each part, as far as a browser knows. */
export function problemsOf(page: WrittenPage): Partial<Record<keyof WrittenPage, string>> {
  const problems: Partial<Record<keyof WrittenPage, string>> = {};
  if (page.title.trim() === "") problems.title = "Readers see this first: it cannot be empty";
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(page.slug)) problems.slug = "Up to 63 lower-case letters, digits and hyphens, such as acme or shop-eu";
  if (page.groups.length === 0) problems.groups = "Add a group: a page without checks tells nothing";
  else if (page.groups.some(takesNothing)) problems.groups = "A group that takes no check: name checks, or select them";
  if (page.accent !== "" && !/^#[0-9a-f]{6}$/i.test(page.accent)) problems.accent = "Write it as #1f5fbf";
  if (page.link !== "" && !/^https?:\/\/[^\s<>"]+$/.test(page.link)) problems.link = "Write it with https:// in front";
  if (!Number.isInteger(page.shows.incidents) || page.shows.incidents < 0 || page.shows.incidents > 90) problems.shows = "0 to 90 days";
  if (!Number.isInteger(page.notify_after) || page.notify_after < 0 || page.notify_after > 3_600_000) problems.notify_after = "0 to 60 minutes";
  return problems;
}

export const takesNothing = ({ checks, groups, tags }: PageGroup): boolean => checks.length + groups.length + Object.keys(tags).length === 0;

/** The checks of each group, every check once, where it is first taken: as the server places them. */
export function placed(groups: readonly PageGroup[], checks: readonly NamedCheck[]): NamedCheck[][] {
  const left = new Map(checks.map((one) => [one.name, one]));
  return groups.map((group) => {
    const named = [...new Set(group.checks)].flatMap((name) => left.get(name) ?? []);
    named.forEach((one) => left.delete(one.name));
    const selected = takesBySelection(group) ? [...left.values()].filter((one) => selects(group, one)) : [];
    selected.forEach((one) => left.delete(one.name));
    return [...named, ...selected];
  });
}

const takesBySelection = ({ groups, tags }: PageGroup): boolean => groups.length + Object.keys(tags).length > 0;

const selects = ({ groups, tags }: PageGroup, check: NamedCheck): boolean =>
  (groups.length === 0 || groups.includes("*") || groups.includes(check.group)) && Object.entries(tags).every(([key, value]) => check.tags[key] === value);

/** Tags as people write them, `key:value`. */
export const writeTags = (tags: Readonly<Record<string, string>>): string[] => Object.entries(tags).map(([key, value]) => `${key}:${value}`);

/** The same read back; a text without a colon is a key without a value. */
export const readTags = (texts: readonly string[]): Record<string, string> => Object.fromEntries(texts.map((text) => {
  const [, key = text, value = ""] = /^([^:]+):(.*)$/.exec(text) ?? [];
  return [key.trim(), value.trim()];
}));

/** One of a list a place further up or down. */
export function moved<T>(all: readonly T[], at: number, by: -1 | 1): T[] {
  const next = [...all];
  const [one] = next.splice(at, 1);
  if (one !== undefined) next.splice(at + by, 0, one);
  return next;
}

export type BadgeKind = "status" | "uptime/24h" | "uptime/30d" | "uptime/90d" | "latency" | "certificate";

export const BADGES: ReadonlyArray<readonly [BadgeKind, string]> = [["status", "Status"], ["uptime/24h", "Uptime, 24 hours"], ["uptime/30d", "Uptime, 30 days"], ["uptime/90d", "Uptime, 90 days"], ["latency", "Latency"], ["certificate", "Certificate"]];

export const badgePath = (check: number, kind: BadgeKind): string => `/badge/${check}/${kind}.svg`;

/** What one puts into a page or a readme: the badge, leading to the status page. */
export function snippetsOf(origin: string, page: string, check: { id: number; name: string }, kind: BadgeKind): { markdown: string; html: string } {
  const image = `${origin}${badgePath(check.id, kind)}`;
  const text = check.name.replaceAll(/[[\]]/g, "");
  const quoted = check.name.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  return { markdown: `[![${text}](${image})](${origin}${page})`, html: `<a href="${origin}${page}"><img src="${image}" alt="${quoted}"></a>` };
}
