import type { ReceiverChannel, WhyChannel } from "../api/alerting";
import type { Tone } from "../parts/StateWord";

/** Why a channel was told, or was not, in words that follow a dash. */
const REASONS: Record<string, string> = {
  new_alerts: "alerts are new",
  alerts_resolved: "alerts ended",
  repeat_interval_over: "the interval for repeating is over",
  muted_after_it_was_told: "alerts that it knows of are muted now",
  no_route_leads_there_any_more: "no route leads there any more, so it hears that they are over",
  notified: "it took the notice",
  fallback_was_told: "it failed, so the fallback was told",
  no_longer_muted: "nothing mutes it any more",
  resolved_long_enough: "it ended long enough ago",
  nothing_new: "nothing is new since it was told",
  silenced: "a silence holds it",
  inhibited: "another alert inhibits it",
  muted_by_time_interval: "a time interval mutes it",
  outside_active_time_interval: "outside of the time in which its route is active",
  in_maintenance: "a maintenance window covers what it is about",
  cooldown: "it was told a short while ago, and hears again after the cooldown",
  firing_was_not_sent: "it ended before it was told that it fired",
  receiver_wants_no_resolves: "it does not want to hear that alerts end",
  rate_limited: "it hears of too much, and waits its turn",
  circuit_open: "it failed too often, and is spared for a while",
  channel_failed: "it did not take the notice",
  rule_removed: "the rule was removed",
};

export const sayReason = (reason: string): string => REASONS[reason] ?? reason.replaceAll("_", " ");

export const startBig = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export interface Outcome {
  tone: Tone;
  word: string;
}

/** Reasons of a channel that hears of an alert when its group is looked at next. */
const NEXT = new Set(["new_alerts", "no_longer_muted", "repeat_interval_over"]);

type Stand = "told" | "owed" | "next" | "not";

const standOf = ({ owed, told, reason }: Pick<WhyChannel, "owed" | "told" | "reason">): Stand => (owed ? "owed" : told ? "told" : NEXT.has(reason) ? "next" : "not");

const OUTCOMES: Record<Stand, Outcome> = {
  told: { tone: "good", word: "Told" },
  owed: { tone: "warning", word: "Still owed" },
  next: { tone: "neutral", word: "Next" },
  not: { tone: "critical", word: "Not told" },
};

/** How a channel stands towards an alert: what it knows counts more than what it would be told next. */
export const outcomeOf = (channel: Pick<WhyChannel, "owed" | "told" | "reason">): Outcome => OUTCOMES[standOf(channel)];

/** The answer in one sentence, before the path that led to it. */
export function verdictOf(channels: readonly WhyChannel[]): string {
  const count = channels.length;
  if (count === 0) return "No channel leads anywhere: nobody can be told.";
  const of = (stand: Stand): WhyChannel[] => channels.filter((one) => standOf(one) === stand);
  const amount = (found: readonly WhyChannel[]): string => (found.length < count ? String(found.length) : count === 1 ? "the only channel" : `all ${count} channels`);
  const verb = (found: readonly WhyChannel[], one: string, more: string): string => (found.length === 1 ? one : more);
  const [told, owed, next, not] = [of("told"), of("owed"), of("next"), of("not")];
  const parts = [
    told.length > 0 ? `${told.length < count ? `${told.length} of ${count} channels` : amount(told)} ${verb(told, "was", "were")} told that it fires` : "",
    owed.length > 0 ? `${amount(owed)} ${verb(owed, "is", "are")} still owed` : "",
    next.length > 0 ? `${amount(next)} will be told at the next look` : "",
    not.length > 0 ? `${amount(not)} ${verb(not, "was", "were")} not told: ${[...new Set(not.map((one) => sayReason(one.reason)))].join("; ")}` : "",
  ];
  return `${startBig(parts.filter(Boolean).join(", "))}.`;
}

/** Routes as the pipeline walks them. */
const ROUTES: Record<string, { taken: boolean; words: string }> = {
  taken: { taken: true, words: "leads to" },
  passed_on_to_routes_beneath: { taken: true, words: "matches, and a route beneath it decides" },
  matcher_not_satisfied: { taken: false, words: "does not match" },
  route_above_not_taken: { taken: false, words: "not looked at: the route above it does not match" },
  earlier_route_taken_without_continue: { taken: false, words: "not looked at: an earlier route was taken and does not continue" },
};

export const sayRoute = (reason: string): { taken: boolean; words: string } => ROUTES[reason] ?? { taken: false, words: reason.replaceAll("_", " ") };

export const CIRCUITS: Record<ReceiverChannel["circuit"], Outcome> = {
  closed: { tone: "good", word: "Works" },
  half_open: { tone: "warning", word: "Being tried again" },
  open: { tone: "critical", word: "Spared after failures" },
};

export const WHEN_MUTED: Record<ReceiverChannel["whenMuted"], string> = {
  hold: "hears nothing until it ends",
  acknowledge: "hears that it is known",
  resolve: "hears that it is over",
};

const KINDS: Record<string, string> = {
  email: "Mail", msteams: "Microsoft Teams", msteamsv2: "Microsoft Teams", opsgenie: "Opsgenie", pagerduty: "PagerDuty", sns: "Amazon SNS", victorops: "VictorOps",
  wechat: "WeChat", ntfy: "ntfy", rocketchat: "Rocket.Chat",
};

/** What a kind of channel is called. */
export const sayKind = (kind: string): string => KINDS[kind] ?? startBig(kind);
