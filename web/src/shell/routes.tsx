import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { BellIcon, HostIcon } from "../parts/icons";

export interface PageProps {
  /** What follows the section in the path, decoded: a host's name. */
  subject: string | null;
}

export interface Section {
  path: string;
  word: string;
  icon: ComponentType<{ className?: string }>;
  page: LazyExoticComponent<ComponentType<PageProps>>;
}

/** The product's nouns in their order; only what exists. */
export const SECTIONS: readonly Section[] = [
  { path: "/hosts", word: "Hosts", icon: HostIcon, page: lazy(() => import("../pages/hosts/HostsPage")) },
  { path: "/alerts", word: "Alerts", icon: BellIcon, page: lazy(() => import("../pages/alerts/AlertsPage")) },
];

export interface Route {
  section: Section;
  subject: string | null;
}

export function routeOf(path: string): Route | null {
  for (const section of SECTIONS) {
    if (path === section.path || path === `${section.path}/`) return { section, subject: null };
    if (path.startsWith(`${section.path}/`)) return { section, subject: decode(path.slice(section.path.length + 1)) };
  }
  return null;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
