import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { navigate } from "../../shell/address";
import { ruleHref } from "./links";

interface RuleLinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  path: string;
  extra?: Readonly<Record<string, string>>;
}

/** A link whose address says more than the path and the time range. */
export function RuleLink({ path, extra = {}, ...rest }: RuleLinkProps) {
  const href = ruleHref(path, extra);
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!plain) return;
    event.preventDefault();
    navigate(href);
    window.scrollTo(0, 0);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
