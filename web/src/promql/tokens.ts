/** A piece of a query; strings, comments, label matchers and windows are told apart from what is computed. */
export interface Token {
  kind: "name" | "number" | "string" | "matchers" | "window" | "sign";
  text: string;
  /** Where it begins. */
  at: number;
}

const PIECE =
  /\s+|#[^\n]*|(?<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`[^`]*`?)|(?<matchers>\{(?:[^}"'`]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}?)|(?<window>\[[^\]]*\]?)|(?<number>(?:0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?(?:[smhdwy]\w*)?|\.\d+))|(?<name>[a-z_:][\w:]*)|(?<sign>==|!=|>=|<=|[-+*/%^()<>,@])|./giy;

/** Cuts a query into pieces; what is none (half-typed text) is left out, for this only guesses. */
export function tokensOf(query: string): Token[] {
  const out: Token[] = [];
  for (const { 0: text, groups, index } of query.matchAll(PIECE)) {
    const kind = Object.entries(groups ?? {}).find(([, found]) => found !== undefined)?.[0];
    if (kind) out.push({ kind: kind as Token["kind"], text, at: index });
  }
  return out;
}
