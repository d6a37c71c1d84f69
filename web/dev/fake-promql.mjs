/** As much PromQL as the UI asks, evaluated slowly and plainly over the made-up series. */
const TOKEN = /\s*(?:([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)(?![a-z0-9])|([a-zA-Z_:][\w:]*)|"((?:[^"\\]|\\.)*)"|(=~|!~|!=|==|>=|<=|[-+*/%^(){}[\],=<>]|[0-9]+[smhdw]))/gy;
const AGGREGATES = new Set(["sum", "avg", "min", "max", "count"]);
const PRIORITY = [["==", "!=", ">", "<", ">=", "<="], ["+", "-"], ["*", "/", "%"]];

export class BadQuery extends Error {}

function tokens(text) {
  const out = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new BadQuery(`unexpected character at position ${at + 1}`);
    const [, number, word, string, sign] = match;
    out.push(number !== undefined ? { number: Number(number) } : word !== undefined ? { word } : string !== undefined ? { string: string.replace(/\\(.)/g, "$1") } : { sign });
  }
  return out;
}

export function parse(text) {
  const list = tokens(text);
  let i = 0;
  const peek = () => list[i] ?? {};
  const is = (sign) => peek().sign === sign;
  const take = (sign) => {
    if (!is(sign)) throw new BadQuery(`expected "${sign}"`);
    i += 1;
  };
  const names = () => {
    take("(");
    const out = [];
    while (!is(")")) {
      out.push(list[i++].word);
      if (is(",")) i += 1;
    }
    take(")");
    return out;
  };
  const binary = (level) => {
    if (level === PRIORITY.length) return primary();
    let left = binary(level + 1);
    while (PRIORITY[level].includes(peek().sign)) {
      const op = list[i++].sign;
      const node = { kind: "binary", op, left, on: null, ignoring: [] };
      if (peek().word === "bool") { node.bool = true; i += 1; }
      if (peek().word === "on") { i += 1; node.on = names(); }
      else if (peek().word === "ignoring") { i += 1; node.ignoring = names(); }
      if (peek().word === "group_left" || peek().word === "group_right") { node.group = list[i++].word; if (is("(")) names(); }
      node.right = binary(level + 1);
      left = node;
    }
    return left;
  };
  const selector = (name) => {
    const matchers = name ? [{ label: "__name__", op: "=", value: name }] : [];
    if (is("{")) {
      i += 1;
      while (!is("}")) {
        const label = list[i++].word;
        const op = list[i++].sign;
        const value = list[i++].string;
        matchers.push({ label, op, value, regex: op.includes("~") ? new RegExp(`^(?:${value})$`) : null });
        if (is(",")) i += 1;
      }
      take("}");
    }
    const node = { kind: "selector", matchers, window: 0 };
    if (is("[")) {
      i += 1;
      const token = list[i++];
      node.window = seconds(token.sign ?? "");
      take("]");
    }
    return node;
  };
  const primary = () => {
    const token = peek();
    if (token.number !== undefined) { i += 1; return { kind: "number", value: token.number }; }
    if (is("(")) { i += 1; const inner = binary(0); take(")"); return inner; }
    if (is("-")) { i += 1; return { kind: "binary", op: "*", left: { kind: "number", value: -1 }, right: primary(), on: null, ignoring: [] }; }
    if (is("{")) return selector(null);
    if (token.word === undefined) throw new BadQuery("unexpected end of the query");
    i += 1;
    if (AGGREGATES.has(token.word)) {
      const node = { kind: "aggregate", op: token.word, by: [], without: null };
      const grouping = () => {
        if (peek().word === "by") { i += 1; node.by = names(); }
        else if (peek().word === "without") { i += 1; node.without = names(); node.by = null; }
      };
      grouping();
      take("(");
      node.inner = binary(0);
      take(")");
      grouping();
      return node;
    }
    if (is("(")) { i += 1; const inner = binary(0); take(")"); return { kind: "call", name: token.word, inner }; }
    return selector(token.word);
  };
  const tree = binary(0);
  if (i < list.length) throw new BadQuery("unexpected text after the query");
  return tree;
}

function seconds(text) {
  const [, amount, unit] = /^([0-9]+)([smhdw])$/.exec(text) ?? [];
  if (!amount) throw new BadQuery(`bad duration "${text}"`);
  return Number(amount) * { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }[unit];
}

export function matches(labels, matchers) {
  return matchers.every(({ label, op, value, regex }) => {
    const own = labels[label] ?? "";
    if (op === "=") return own === value;
    if (op === "!=") return own !== value;
    return regex.test(own) === (op === "=~");
  });
}

const nameless = ({ __name__, ...labels }) => labels;
const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());

const RANGE = {
  rate: (s) => (s.length < 2 ? null : (s.at(-1).v - s[0].v) / (s.at(-1).t - s[0].t)),
  irate: (s) => (s.length < 2 ? null : (s.at(-1).v - s.at(-2).v) / (s.at(-1).t - s.at(-2).t)),
  increase: (s) => (s.length < 2 ? null : s.at(-1).v - s[0].v),
  avg_over_time: (s) => (s.length ? s.reduce((sum, x) => sum + x.v, 0) / s.length : null),
  max_over_time: (s) => (s.length ? Math.max(...s.map((x) => x.v)) : null),
  min_over_time: (s) => (s.length ? Math.min(...s.map((x) => x.v)) : null),
};
const OPS = {
  "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": (a, b) => a / b, "%": (a, b) => a % b,
  "==": (a, b) => a === b, "!=": (a, b) => a !== b, ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b,
};

/** A number, or a list of { labels, v }. */
export function evaluate(node, time, world, reader) {
  const go = (inner) => evaluate(inner, time, world, reader);
  switch (node.kind) {
    case "number":
      return node.value;
    case "selector":
      node.found ??= world.series.filter((series) => matches(series.labels, node.matchers));
      return node.found.flatMap((series) => {
        const sample = reader.at(series, time);
        return sample ? [{ labels: series.labels, v: sample.v }] : [];
      });
    case "call": {
      if (node.name === "scalar") {
        const found = go(node.inner);
        return Array.isArray(found) && found.length === 1 ? found[0].v : NaN;
      }
      const apply = RANGE[node.name];
      if (!apply) throw new BadQuery(`unknown function "${node.name}"`);
      node.inner.found ??= world.series.filter((series) => matches(series.labels, node.inner.matchers));
      return node.inner.found.flatMap((series) => {
        const v = apply(reader.between(series, time - node.inner.window, time));
        return v === null ? [] : [{ labels: nameless(series.labels), v }];
      });
    }
    case "aggregate": {
      const groups = new Map();
      for (const { labels, v } of go(node.inner)) {
        const kept = Object.fromEntries(Object.entries(nameless(labels)).filter(([name]) => (node.by ? node.by.includes(name) : !node.without.includes(name))));
        const key = keyOf(kept);
        if (!groups.has(key)) groups.set(key, { labels: kept, values: [] });
        groups.get(key).values.push(v);
      }
      return [...groups.values()].map(({ labels, values }) => {
        const sum = values.reduce((a, b) => a + b, 0);
        return { labels, v: { sum, avg: sum / values.length, min: Math.min(...values), max: Math.max(...values), count: values.length }[node.op] };
      });
    }
    case "binary": {
      const [left, right] = [go(node.left), go(node.right)];
      const result = (labels, a, b, kept) => {
        const v = OPS[node.op](a, b);
        if (typeof v !== "boolean") return [{ labels: nameless(labels), v }];
        return node.bool ? [{ labels: nameless(labels), v: Number(v) }] : v ? [{ labels, v: kept }] : [];
      };
      if (typeof left === "number" && typeof right === "number") return Number(OPS[node.op](left, right));
      if (typeof left === "number") return right.flatMap((x) => result(x.labels, left, x.v, x.v));
      if (typeof right === "number") return left.flatMap((x) => result(x.labels, x.v, right, x.v));
      const key = (labels) => keyOf(Object.fromEntries(Object.entries(nameless(labels)).filter(([name]) => (node.on ? node.on.includes(name) : !node.ignoring.includes(name)))));
      const others = new Map(right.map((x) => [key(x.labels), x]));
      return left.flatMap((x) => {
        const other = others.get(key(x.labels));
        return other ? result(x.labels, x.v, other.v, x.v) : [];
      });
    }
  }
  throw new BadQuery("not understood");
}
