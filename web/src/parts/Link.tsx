import type { AnchorHTMLAttributes, MouseEvent } from "react";
import { hrefOf, navigate, useAddress } from "../shell/address";

interface LinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  /** A path inside the UI; the time range comes along. */
  to: string;
  /** Parts of the address beside the time range. */
  find?: Readonly<Record<string, string>>;
}

export function Link({ to, find = {}, onClick, ...rest }: LinkProps) {
  const { search } = useAddress();
  const href = hrefOf(to, search, find);
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !plain) return;
    event.preventDefault();
    if (navigate(href)) window.scrollTo(0, 0);
  };
  return <a href={href} onClick={follow} {...rest} />;
}
