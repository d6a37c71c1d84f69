import { select } from "../../series/selector";
import type { Expression } from "../../series/useRangeQuery";

/** What df calls Use%: used of what users may fill, so blocks reserved for root do not count. */
const fill = (size: string, free: string, available: string): string => `${available} / (${size} - ${free} + ${available})`;

const CPU = "node_cpu_seconds_total";

/** As the built-in alert asks it: waiting for a disk counts as idle. Its window too, so that page and alert say the same. */
const cpuInUse = (labels: Record<string, string>): string =>
  `100 * (1 - sum by (instance) (rate(${select(CPU, labels, 'mode=~"idle|iowait"')}[30s])) / sum by (instance) (rate(${select(CPU, labels)}[30s])))`;

/** Every question the host pages ask, in PromQL over node_exporter's names. */
const NO_LOOP = 'device!~"(loop|ram|zram)[0-9]+"';
const NO_LOOPBACK = 'device!="lo"';
const REAL_FILESYSTEM = 'fstype!~"tmpfs|devtmpfs|ramfs|squashfs|iso9660|nsfs|proc|sysfs"';

export interface HostExpressions {
  uname: string;
  bootTime: string;
  reportedAt: string;
  cores: string;
  memoryTotal: string;
  swapTotal: string;
  networkTrouble: string;
  /** Size, free and available bytes, told apart by their names. */
  filesystems: string;
  cpuInUse: string;
  cpuByMode: Expression;
  /** Over 1, 5 and 15 minutes, told apart by their names. */
  loads: Expression;
  memoryUsed: Expression;
  memoryCache: Expression;
  memoryFree: Expression;
  swapUsed: Expression;
  filesystemUsed: Expression;
  diskRead: Expression;
  diskWritten: Expression;
  diskBusy: Expression;
  received: Expression;
  sent: Expression;
  networkCount: (direction: "receive" | "transmit", what: "errs" | "drop") => Expression;
}

export function hostExpressions(instance: string): HostExpressions {
  const of = (name: string, extra = ""): string => select(name, { instance }, extra);
  const rate = (name: string, extra = "") => (window: string) => `rate(${of(name, extra)}[${window}])`;
  const filesystem = (what: string): string => of(`node_filesystem_${what}_bytes`, REAL_FILESYSTEM);
  const bytes = (name: string): string => of(`node_memory_${name}_bytes`);
  return {
    uname: of("node_uname_info"),
    bootTime: of("node_boot_time_seconds"),
    reportedAt: of("node_time_seconds"),
    cores: `count(${of("node_cpu_seconds_total", 'mode="idle"')})`,
    memoryTotal: bytes("MemTotal"),
    swapTotal: bytes("SwapTotal"),
    networkTrouble: `sum(${of("node_network_receive_errs_total", NO_LOOPBACK)}) + sum(${of("node_network_transmit_errs_total", NO_LOOPBACK)}) + sum(${of("node_network_receive_drop_total", NO_LOOPBACK)}) + sum(${of("node_network_transmit_drop_total", NO_LOOPBACK)})`,
    filesystems: select("", { instance }, `__name__=~"node_filesystem_(size|free|avail)_bytes",${REAL_FILESYSTEM}`),
    cpuInUse: cpuInUse({ instance }),
    cpuByMode: (window) => `100 * sum by (mode) (rate(${of(CPU, 'mode!="idle"')}[${window}])) / scalar(sum(rate(${of(CPU)}[${window}])))`,
    loads: () => select("", { instance }, '__name__=~"node_load(1|5|15)"'),
    memoryUsed: () => `${bytes("MemTotal")} - ${bytes("MemAvailable")}`,
    memoryCache: () => `${bytes("MemAvailable")} - ${bytes("MemFree")}`,
    memoryFree: () => bytes("MemFree"),
    swapUsed: () => `${bytes("SwapTotal")} - ${bytes("SwapFree")}`,
    filesystemUsed: () => `100 * (1 - ${fill(filesystem("size"), filesystem("free"), filesystem("avail"))})`,
    diskRead: rate("node_disk_read_bytes_total", NO_LOOP),
    diskWritten: rate("node_disk_written_bytes_total", NO_LOOP),
    diskBusy: (window) => `100 * rate(${of("node_disk_io_time_seconds_total", NO_LOOP)}[${window}])`,
    received: rate("node_network_receive_bytes_total", NO_LOOPBACK),
    sent: rate("node_network_transmit_bytes_total", NO_LOOPBACK),
    networkCount: (direction, what) => rate(`node_network_${direction}_${what}_total`, NO_LOOPBACK),
  };
}

const all = (what: string): string => select(`node_filesystem_${what}_bytes`, {}, REAL_FILESYSTEM);

/** The same figures for all hosts at once, for the list. */
export const FLEET = {
  reportedAt: "node_time_seconds",
  uname: "node_uname_info",
  cpu: cpuInUse({}),
  memory: "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
  disk: `100 * (1 - min by (instance) (${fill(all("size"), all("free"), all("avail"))}))`,
  filesystems: `100 * (1 - ${fill(all("size"), all("free"), all("avail"))})`,
} as const;

/** How some hosts have been doing, for their rows; `which` is a matcher such as `instance=~"a|b"`, empty for all. */
export const fleetOverTime = (which: string): { cpu: Expression; memory: Expression; received: Expression; sent: Expression } => {
  const of = (name: string, ...matchers: string[]): string => select(name, {}, [...matchers, which].filter(Boolean).join(","));
  const busy = (window: string, ...matchers: string[]): string => `sum by (instance) (rate(${of(CPU, ...matchers)}[${window}]))`;
  const moved = (direction: "receive" | "transmit"): Expression => (window) => `sum by (instance) (rate(${of(`node_network_${direction}_bytes_total`, NO_LOOPBACK)}[${window}]))`;
  return {
    cpu: (window) => `100 * (1 - ${busy(window, 'mode=~"idle|iowait"')} / ${busy(window)})`,
    memory: () => `100 * (1 - ${of("node_memory_MemAvailable_bytes")} / ${of("node_memory_MemTotal_bytes")})`,
    received: moved("receive"),
    sent: moved("transmit"),
  };
};
