import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { BellIcon, BroadcastIcon, CompassIcon, ContainerIcon, DashboardIcon, HostIcon, IncidentIcon, LogIcon, MaintenanceIcon, OverviewIcon, PulseIcon, ReceiverIcon, RuleIcon, ServerIcon, SilenceIcon, TargetIcon } from "../parts/icons";

export interface PageProps {
  /** What follows the section in the path, decoded: a host's name. */
  subject: string | null;
}

export interface Section {
  path: string;
  word: string;
  icon: ComponentType<{ className?: string }>;
  page: LazyExoticComponent<ComponentType<PageProps>>;
  /** Words for subjects that are no names. */
  words?: Readonly<Record<string, string>>;
}

/** The product's nouns in their order; only what exists. */
export const SECTIONS: readonly Section[] = [
  { path: "/overview", word: "Overview", icon: OverviewIcon, page: lazy(() => import("../pages/overview/OverviewPage")) },
  { path: "/hosts", word: "Hosts", icon: HostIcon, page: lazy(() => import("../pages/hosts/HostsPage")) },
  { path: "/servers", word: "Servers", icon: ServerIcon, page: lazy(() => import("../pages/servers/ServersPage")) },
  { path: "/containers", word: "Containers", icon: ContainerIcon, page: lazy(() => import("../pages/containers/ContainersPage")) },
  { path: "/explore", word: "Explore", icon: CompassIcon, page: lazy(() => import("../pages/explore/ExplorePage")) },
  { path: "/targets", word: "Targets", icon: TargetIcon, page: lazy(() => import("../pages/targets/TargetsPage")) },
  { path: "/checks", word: "Checks", icon: PulseIcon, page: lazy(() => import("../pages/checks/ChecksPage")) },
  { path: "/incidents", word: "Incidents", icon: IncidentIcon, page: lazy(() => import("../pages/incidents/IncidentsPage")), words: { "+": "New" } },
  { path: "/maintenance", word: "Maintenance", icon: MaintenanceIcon, page: lazy(() => import("../pages/maintenance/MaintenancePage")), words: { "+": "New" } },
  { path: "/status-pages", word: "Status pages", icon: BroadcastIcon, page: lazy(() => import("../pages/statuspages/StatusPagesPage")), words: { "+": "New" } },
  { path: "/alerts", word: "Alerts", icon: BellIcon, page: lazy(() => import("../pages/alerts/AlertsPage")) },
  { path: "/rules", word: "Rules", icon: RuleIcon, page: lazy(() => import("../pages/rules/RulesPage")), words: { "+": "New" } },
  { path: "/silences", word: "Silences", icon: SilenceIcon, page: lazy(() => import("../pages/silences/SilencesPage")), words: { "+": "New" } },
  { path: "/notifications", word: "Notifications", icon: LogIcon, page: lazy(() => import("../pages/notifications/NotificationsPage")) },
  { path: "/receivers", word: "Receivers", icon: ReceiverIcon, page: lazy(() => import("../pages/receivers/ReceiversPage")) },
  { path: "/dashboards", word: "Dashboards", icon: DashboardIcon, page: lazy(() => import("../pages/dashboards/DashboardsPage")), words: { "+": "New" } },
];

export interface Route {
  section: Section;
  subject: string | null;
}

/** What the subject of a route is called where one reads it. */
export const subjectWord = ({ section, subject }: Route): string | null => (subject === null ? null : (section.words?.[subject] ?? subject));

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
