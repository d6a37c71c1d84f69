import { useSyncExternalStore } from "react";

/** The address bar is the document: this is the only reader and writer of it. */
const BASE = "/ui";
const listeners = new Set<() => void>();

export interface Address {
  path: string;
  search: URLSearchParams;
}

/** Gives whether it keeps people where they are, for now; `go` takes them there all the same. */
type Hold = (next: Address, go: () => void) => boolean;

let shown = "";
let current: Address = { path: "/", search: new URLSearchParams() };
let hold: Hold | null = null;
/** A step in history that nothing holds back. */
let isSure = false;

const hrefHere = (): string => location.pathname + location.search;

function addressOf(href: string): Address {
  const { pathname, searchParams } = new URL(href, location.origin);
  const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : pathname;
  return { path: path === "" ? "/" : path, search: searchParams };
}

function read(): Address {
  const href = hrefHere();
  if (href !== shown) {
    shown = href;
    current = addressOf(href);
  }
  return current;
}

addEventListener("popstate", () => {
  const sure = isSure;
  isSure = false;
  const go = (): void => {
    isSure = true;
    history.back();
  };
  // The step is taken already: who stays steps back to where they were, and who goes takes it again.
  if (!sure && shown !== "" && hold?.(addressOf(hrefHere()), go)) history.pushState(null, "", shown);
  else listeners.forEach((listener) => listener());
});

/** Has `next` asked whenever somebody is about to go elsewhere inside the UI; gives what ends that. */
export function holdBack(next: Hold): () => void {
  hold = next;
  return () => {
    if (hold === next) hold = null;
  };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useAddress = (): Address => useSyncExternalStore(subscribe, read);
export const readAddress = read;

interface Step {
  /** Corrects the present address, without a step in history. */
  replace?: boolean;
  /** Nothing holds it back: what was written is saved, or to be lost. */
  sure?: boolean;
}

/** Goes to a path inside the UI; gives whether one is there, and not held back. */
export function navigate(href: string, options: Step = {}): boolean {
  if (href === hrefHere()) return true;
  if (!options.sure && hold?.(addressOf(href), () => navigate(href, { ...options, sure: true }))) return false;
  history[options.replace ? "replaceState" : "pushState"](null, "", href);
  listeners.forEach((listener) => listener());
  return true;
}

const TIME_NAMES = ["range", "from", "to", "live"];

/** The href of a page, taking the time range along, unless it is found at another time. */
export function hrefOf(path: string, search: URLSearchParams, find: Readonly<Record<string, string>> = {}): string {
  const isTimed = TIME_NAMES.some((name) => name in find);
  const kept = new URLSearchParams([...[...search].filter(([name]) => TIME_NAMES.includes(name) && !isTimed), ...Object.entries(find)]);
  return withSearch(`${BASE}${path}`, kept);
}

/** Goes to a page, taking the time range along. */
export function visit(path: string, find: Readonly<Record<string, string>> = {}, options: Step = {}): void {
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
