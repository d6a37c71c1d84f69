import { hrefOf, readAddress } from "../../shell/address";

/** The address of a page about a rule, with what it says beside the time range. */
export function ruleHref(path: string, extra: Readonly<Record<string, string>> = {}): string {
  const href = hrefOf(path, readAddress().search);
  const more = new URLSearchParams(extra).toString();
  return more ? `${href}${href.includes("?") ? "&" : "?"}${more}` : href;
}
