import type { PrometheusClient } from "@prometheus-io/codemirror-promql";
import { EqlRegex, EqlSingle, Neq, NeqRegex } from "@prometheus-io/lezer-promql";
import { labelNames, labelValues } from "../api/api";
import { quote, select } from "../series/selector";
import { loadMetadata } from "./metadata";

const KEPT_MS = 60_000;
const MOST_KEPT = 200;

/** Operators by the parser's numbers for them. */
const OPERATORS: Record<number, string> = { [EqlSingle]: "=", [Neq]: "!=", [EqlRegex]: "=~", [NeqRegex]: "!~" };

const kept = new Map<string, { at: number; answer: Promise<unknown> }>();

/** Remembers answers for a minute: completion asks again at every letter. */
function remembered<T>(key: string, ask: () => Promise<T>): Promise<T> {
  const found = kept.get(key);
  if (found && Date.now() - found.at < KEPT_MS) return found.answer as Promise<T>;
  const answer = ask();
  kept.delete(key);
  kept.set(key, { at: Date.now(), answer });
  answer.catch(() => kept.delete(key));
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return answer;
}

/** Completion that cannot be had leaves typing as it is: the page tells of a lost server elsewhere. */
const orNothing = <T>(answer: Promise<T>, nothing: T): Promise<T> => answer.catch(() => nothing);

const selectorOf = (metric: string | undefined): string | undefined => (metric ? select("", { __name__: metric }) : undefined);

/** What the editor may offer, asked from the server through the UI's own door. */
export const serverTerms: PrometheusClient = {
  metricNames: () => orNothing(remembered("names", () => labelValues("__name__", undefined)), []),
  metricMetadata: () => orNothing(remembered("metadata", () => loadMetadata()), {}),
  labelNames: (metric) => {
    const match = selectorOf(metric);
    return orNothing(remembered(`labels ${match}`, () => labelNames(match)), []);
  },
  labelValues: (label, metric, matchers = []) => {
    // The matcher being typed must not narrow its own values.
    const others = matchers.filter((one) => one.name !== label && one.value !== "").map((one) => `${one.name}${OPERATORS[one.type] ?? "="}${quote(one.value)}`);
    const parts = [...(metric ? [`__name__=${quote(metric)}`] : []), ...others];
    const match = parts.length > 0 ? `{${parts.join(",")}}` : undefined;
    return orNothing(remembered(`values ${label} ${match}`, () => labelValues(label, match)), []);
  },
  series: () => Promise.resolve([]),
  flags: () => Promise.resolve({}),
};
