import type { Unit } from "../charts/units";
import { tokensOf, type Token } from "./tokens";

/** What a value counts, as far as names tell: a base unit, and whether it is by the second. */
interface Dimension {
  base: "bytes" | "seconds" | "ratio" | "percent" | "count" | "number";
  perSecond: boolean;
  /** Of a bare number: its value. */
  value?: number;
}

const COUNT: Dimension = { base: "count", perSecond: false };

/** Unix times are seconds that no one reads as a duration. */
const MOMENT = /(_timestamp_seconds|_boot_time_seconds|_start_time_seconds|^node_time_seconds|_last_seen)$/;

const PER_SECOND = new Set(["rate", "irate", "deriv"]);
const COUNTS = new Set([
  "count", "count_values", "group", "absent", "absent_over_time", "present_over_time", "count_over_time", "changes", "resets", "sgn", "time", "timestamp",
  "minute", "hour", "month", "year", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "vector", "pi", "ln", "log2", "log10", "exp", "sqrt", "stdvar", "stdvar_over_time",
]);
/** Between an aggregation or an operator and its operands; their label lists are skipped. */
const LISTS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right"]);
const SKIPPED = new Set(["bool", "offset", "start", "end"]);

const PRIORITY: ReadonlyArray<ReadonlySet<string>> = [
  new Set(["or"]),
  new Set(["and", "unless"]),
  new Set(["==", "!=", ">", "<", ">=", "<="]),
  new Set(["+", "-"]),
  new Set(["*", "/", "%", "atan2"]),
  new Set(["^"]),
];

/** The unit a query's values probably have, from the suffixes of its metrics and what is done to them. */
export function guessUnit(query: string): Unit {
  const found = new Reader(tokensOf(query)).expression(0);
  if (found.base === "number") return "count";
  if (!found.perSecond) return found.base;
  if (found.base === "bytes") return "bytesPerSecond";
  // Seconds spent in a second are a share of it.
  return found.base === "seconds" ? "ratio" : "perSecond";
}

/** The one unit of an axis that several queries share: theirs when they agree. */
export function guessCommonUnit(queries: readonly string[]): Unit {
  const units = new Set(queries.map(guessUnit));
  return units.size === 1 ? ([...units][0] as Unit) : "count";
}

export function unitOfMetric(name: string, insideHistogram = false): Dimension {
  if (MOMENT.test(name)) return COUNT;
  if (name.endsWith("_count") || (name.endsWith("_bucket") && !insideHistogram)) return COUNT;
  const stem = name.replace(/_(total|sum|bucket)$/, "");
  const base = (["bytes", "seconds", "ratio", "percent"] as const).find((unit) => stem.endsWith(`_${unit}`));
  return base ? { base, perSecond: false } : COUNT;
}

/** What is in the unit of what a histogram observed, whether that is its rate or not. */
const OF_OBSERVATIONS = new Set(["histogram_quantile", "histogram_quantiles", "histogram_avg", "histogram_stddev"]);

/** Reads the tokens by precedence, and of each operation only what it does to the unit. */
class Reader {
  private at = 0;
  private histograms = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  expression(level: number): Dimension {
    if (level === PRIORITY.length) return this.operand();
    let left = this.expression(level + 1);
    for (let sign = this.peek(); sign && PRIORITY[level]?.has(sign.text.toLowerCase()); sign = this.peek()) {
      this.at += 1;
      this.skipModifiers();
      left = combined(sign.text, left, this.expression(level + 1));
    }
    return left;
  }

  private operand(): Dimension {
    const token = this.peek();
    if (!token) return COUNT;
    this.at += 1;
    if (token.text === "-" || token.text === "+") return this.operand();
    if (token.kind === "number") return { base: "number", perSecond: false, value: Number.parseFloat(token.text) };
    let found = COUNT;
    if (token.text === "(") found = this.inBrackets();
    else if (token.kind === "name") found = this.named(token.text);
    else if (token.kind === "matchers") found = unitOfMetric(/__name__\s*=\s*["'`]([\w:]+)/.exec(token.text)?.[1] ?? "");
    this.skipModifiers();
    return found;
  }

  private named(name: string): Dimension {
    this.skipModifiers();
    if (this.peek()?.text !== "(") return unitOfMetric(name, this.histograms > 0);
    const histogram = OF_OBSERVATIONS.has(name);
    this.histograms += Number(histogram);
    this.at += 1;
    const inner = this.inBrackets();
    this.histograms -= Number(histogram);
    if (COUNTS.has(name)) return COUNT;
    if (name === "histogram_count") return { ...COUNT, perSecond: inner.perSecond };
    if (name === "histogram_fraction") return { base: "ratio", perSecond: false };
    if (PER_SECOND.has(name)) return { ...inner, perSecond: true };
    return histogram ? { ...inner, perSecond: false } : inner;
  }

  /** Of several arguments, the one that is no bare number. */
  private inBrackets(): Dimension {
    let found: Dimension | null = null;
    while (this.at < this.tokens.length) {
      const before = this.at;
      const one = this.expression(0);
      if (!found || found.base === "number") found = one;
      const end = this.peek()?.text;
      if (end === "," || end === ")" || this.at === before) this.at += 1;
      if (end === ")") break;
    }
    return found ?? COUNT;
  }

  private skipModifiers(): void {
    for (let token = this.peek(); token; token = this.peek()) {
      const word = token.text.toLowerCase();
      if (LISTS.has(word)) {
        this.at += 1;
        if (this.peek()?.text === "(") while (this.at < this.tokens.length && this.tokens[this.at++]?.text !== ")");
      } else if (word === "offset" || word === "@") {
        this.at += 1;
        if (this.peek()?.text === "-") this.at += 1;
        if (this.peek()?.kind === "number") this.at += 1;
      } else if (token.kind === "matchers" || token.kind === "window" || token.kind === "string" || SKIPPED.has(word)) this.at += 1;
      else return;
    }
  }

  private peek(): Token | undefined {
    return this.tokens[this.at];
  }
}

function combined(sign: string, left: Dimension, right: Dimension): Dimension {
  const [number, other] = left.base === "number" ? [left, right] : [right, left];
  if (sign === "*") {
    if (number.base !== "number") return COUNT;
    // A hundred times a share is a percentage.
    if (number.value === 100 && (other.base === "ratio" || (other.base === "seconds" && other.perSecond) || other.base === "count")) return { base: "percent", perSecond: false };
    return number.value === 1 ? other : { ...COUNT, perSecond: other.perSecond };
  }
  if (sign === "/") {
    if (right.base === "number") return right.value === 1 ? left : COUNT;
    if (left.base === "number") return COUNT;
    if (left.base === right.base && left.perSecond === right.perSecond) return left.base === "count" ? COUNT : { base: "ratio", perSecond: false };
    // Seconds by events, both by the second, are seconds for each event; bytes too.
    if (right.base === "count" && left.perSecond === right.perSecond) return { ...left, perSecond: false };
    return COUNT;
  }
  if (sign === "+" || sign === "-") {
    if (number.base === "number") return left.base === "number" && right.base === "number" ? left : other;
    return left.base === right.base && left.perSecond === right.perSecond ? left : COUNT;
  }
  return sign === "^" || sign === "atan2" ? COUNT : left.base === "number" ? right : left;
}
