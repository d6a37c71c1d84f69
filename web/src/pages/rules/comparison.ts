import { tokensOf, type Token } from "../../promql/tokens";

export const COMPARISONS = [">", ">=", "<", "<=", "==", "!="] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A condition that compares one query with one number. */
export interface Compared {
  query: string;
  comparison: Comparison;
  value: number;
}

const COMPARED = new Set<string>(COMPARISONS);
/** What binds less than a comparison: beside it, the number is compared with a part of the query only. */
const LOOSER = new Set(["and", "or", "unless"]);

/** The parts of such a condition, as charts draw it; null where an expression is none. */
export function comparedOf(expr: string): Compared | null {
  const tokens = tokensOf(expr);
  let depth = 0;
  let last: { token: Token; index: number } | null = null;
  for (const [index, token] of tokens.entries()) {
    if (token.text === "(") depth += 1;
    else if (token.text === ")") depth -= 1;
    else if (depth === 0 && token.kind === "sign" && COMPARED.has(token.text)) last = { token, index };
    else if (depth === 0 && token.kind === "name" && LOOSER.has(token.text.toLowerCase())) return null;
  }
  if (!last || last.index === 0) return null;
  const number = expr.slice(last.token.at + last.token.text.length).trim();
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(number)) return null;
  return { query: expr.slice(0, last.token.at).trim(), comparison: last.token.text as Comparison, value: Number(number) };
}

const BINARY = /^(?:[-+*/%^]|==|!=|[<>]=?)$/;

/** The condition as one expression. */
export const expressionOf = ({ query, comparison, value }: { query: string; comparison: Comparison; value: string }): string => `${operandOf(query)} ${comparison} ${value.trim()}`;

/** A query that may be compared as it stands: in parentheses where it has an operator of its own. */
export function operandOf(query: string): string {
  const text = query.trim();
  let depth = 0;
  const operates = tokensOf(text).some((token, index) => {
    if (token.text === "(") depth += 1;
    if (token.text === ")") depth -= 1;
    return depth === 0 && index > 0 && ((token.kind === "sign" && BINARY.test(token.text)) || (token.kind === "name" && LOOSER.has(token.text.toLowerCase())));
  });
  return operates ? `(${text})` : text;
}

export const COMPARISON_WORDS: Record<Comparison, string> = { ">": "above", ">=": "at least", "<": "below", "<=": "at most", "==": "equal to", "!=": "other than" };
