import type { Scheme } from "./palette";

/** The colours that a canvas cannot take from the style sheet by itself. */
export interface Ink {
  scheme: Scheme;
  text: string;
  grid: string;
  zero: string;
  ground: string;
  critical: string;
  warning: string;
  good: string;
  neutral: string;
  veil: string;
  criticalWash: string;
  warningWash: string;
  font: string;
}

export function readInk(element: Element, scheme: Scheme): Ink {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    scheme,
    text: value("--ink-quiet"),
    grid: value("--line-faint"),
    zero: value("--line"),
    ground: value("--surface"),
    critical: value("--critical"),
    warning: value("--warning"),
    good: value("--good"),
    neutral: value("--ink-quiet"),
    veil: value("--veil"),
    criticalWash: value("--critical-wash"),
    warningWash: value("--warning-wash"),
    font: `12px ${style.fontFamily}`,
  };
}
