import { select } from "../../series/selector";
import type { Expression } from "../../series/useRangeQuery";

/** What df calls Use%: used of what users may fill, so blocks reserved for root do not count. */
const fill = (size: string, free: string, available: string): string => `${available} / (${size} - ${free} + ${available})`;

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
  filesystemSize: string;
  filesystemFree: string;
  filesystemAvailable: string;
  cpuByMode: Expression;
  load: (minutes: 1 | 5 | 15) => Expression;
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
    filesystemSize: filesystem("size"),
    filesystemFree: filesystem("free"),
    filesystemAvailable: filesystem("avail"),
    cpuByMode: (window) => `100 * avg by (mode) (rate(${of("node_cpu_seconds_total", 'mode!="idle"')}[${window}]))`,
    load: (minutes) => () => of(`node_load${minutes}`),
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
  cpu: '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[30s])))',
  memory: "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
  disk: `100 * (1 - min by (instance) (${fill(all("size"), all("free"), all("avail"))}))`,
} as const;
