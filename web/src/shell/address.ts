import { useSyncExternalStore } from "react";

/** The address bar is the document: this is the only reader and writer of it. */
const BASE = "/ui";
const listeners = new Set<() => void>();

export interface Address {
  path: string;
  search: URLSearchParams;
}

let shown = "";
let current: Address = { path: "/", search: new URLSearchParams() };

function read(): Address {
  const href = location.pathname + location.search;
  if (href !== shown) {
    shown = href;
    const path = location.pathname.startsWith(BASE) ? location.pathname.slice(BASE.length) : location.pathname;
    current = { path: path === "" ? "/" : path, search: new URLSearchParams(location.search) };
  }
  return current;
}

addEventListener("popstate", () => listeners.forEach((listener) => listener()));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useAddress = (): Address => useSyncExternalStore(subscribe, read);
export const readAddress = read;

/** Goes to a path inside the UI, or with `replace` corrects the present address without a step in history. */
export function navigate(href: string, options: { replace?: boolean } = {}): void {
  if (href === location.pathname + location.search) return;
  history[options.replace ? "replaceState" : "pushState"](null, "", href);
  listeners.forEach((listener) => listener());
}

const TIME_NAMES = ["range", "from", "to", "live"];

/** The href of a page, taking the time range along, unless it is found at another time. */
export function hrefOf(path: string, search: URLSearchParams, find: Readonly<Record<string, string>> = {}): string {
  const isTimed = TIME_NAMES.some((name) => name in find);
  const kept = new URLSearchParams([...[...search].filter(([name]) => TIME_NAMES.includes(name) && !isTimed), ...Object.entries(find)]);
  return withSearch(`${BASE}${path}`, kept);
}

/** Goes to a page, taking the time range along. */
export function visit(path: string, find: Readonly<Record<string, string>> = {}, options: { replace?: boolean } = {}): void {
  navigate(hrefOf(path, read().search, find), options);
}

export function withSearch(pathname: string, search: URLSearchParams): string {
  const text = search.toString();
  return text ? `${pathname}?${text}` : pathname;
}

/** Writes one part of the present address, such as a filter, without a step in history; nothing takes it away. */
export function put(name: string, value: string, options: { step?: boolean } = {}): void {
  const search = new URLSearchParams(read().search);
  if (value) search.set(name, value);
  else search.delete(name);
  navigate(withSearch(location.pathname, search), { replace: !options.step });
}
