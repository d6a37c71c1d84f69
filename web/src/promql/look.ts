import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colours come as variables of the style sheet, so that light and dark need no second look. */
const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--ink-quiet)", fontStyle: "italic" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
  { tag: [tags.operatorKeyword, tags.modifier, tags.logicOperator], color: "var(--code-keyword)" },
  { tag: tags.labelName, color: "var(--code-label)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.number, color: "var(--code-number)" },
  { tag: [tags.operator, tags.arithmeticOperator, tags.paren, tags.squareBracket, tags.brace], color: "var(--ink-quiet)" },
]);

const theme = EditorView.theme({
  "&": { fontSize: "var(--text)", color: "var(--ink)", background: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "22px", maxHeight: "240px" },
  ".cm-content": { padding: "5px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 8px" },
  ".cm-placeholder": { color: "var(--ink-quiet)" },
  "&.cm-focused .cm-matchingBracket": { background: "var(--accent-wash)", outline: "1px solid var(--accent)", outlineOffset: "-1px" },
  "&.cm-focused .cm-nonmatchingBracket": { background: "var(--critical-wash)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--critical)", textUnderlineOffset: "4px", textDecorationSkipInk: "none" },
  ".cm-tooltip": { background: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "var(--radius-small)", boxShadow: "0 4px 16px #0003", maxWidth: "min(560px, 92vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "var(--text-small)", maxHeight: "280px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 8px", lineHeight: "18px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent-wash)", color: "var(--ink)" },
  ".cm-completionIcon": { display: "none" },
  ".cm-completionMatchedText": { textDecoration: "none", color: "var(--accent)", fontWeight: "600" },
  ".cm-completionDetail": { color: "var(--ink-quiet)", fontStyle: "normal", marginLeft: "12px" },
  ".cm-tooltip.cm-completionInfo": { padding: "8px 12px", fontSize: "var(--text-small)", lineHeight: "1.45", maxWidth: "320px" },
  ".cm-diagnostic": { padding: "6px 12px", fontSize: "var(--text-small)" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--critical)" },
});

export const look = [theme, syntaxHighlighting(colours)];
