import type { Query } from "./document";

/** Questions that a fresh install answers: it reads its own host. */
export interface Example {
  word: string;
  query: Query;
  stacked?: boolean;
}

const query = (expr: string, legend = ""): Query => ({ expr, legend, hidden: false });

export const EXAMPLES: readonly Example[] = [
  { word: "Where the CPU's time goes", query: query('sum by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[1m]))', "{{mode}}"), stacked: true },
  { word: "Memory in use", query: query("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}") },
  { word: "Load average over one minute", query: query("node_load1", "{{instance}}") },
  { word: "Bytes received by network device", query: query('rate(node_network_receive_bytes_total{device!="lo"}[1m])', "{{device}}") },
  { word: "How full each filesystem is", query: query("1 - node_filesystem_avail_bytes / node_filesystem_size_bytes", "{{mountpoint}}") },
  { word: "Share of time that disks are busy", query: query("rate(node_disk_io_time_seconds_total[1m])", "{{device}}") },
];
