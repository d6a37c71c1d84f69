import { expect, it } from "vitest";
import { guessCommonUnit, guessUnit } from "./unit";

it.each([
  ["node_memory_MemAvailable_bytes", "bytes"],
  ["rate(node_network_receive_bytes_total[1m])", "bytesPerSecond"],
  ["sum by (device) (rate(node_disk_read_bytes_total{device!=\"loop_seconds\"}[1m]))", "bytesPerSecond"],
  ["increase(node_network_receive_bytes_total[5m])", "bytes"],
  ["rate(node_cpu_seconds_total[1m])", "ratio"],
  ["100 * rate(node_disk_io_time_seconds_total[1m])", "percent"],
  ["100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", "percent"],
  ["1 - node_filesystem_avail_bytes / node_filesystem_size_bytes", "ratio"],
  ["rate(http_requests_total[5m])", "perSecond"],
  ["rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])", "seconds"],
  ["histogram_quantile(0.99, sum(rate(http_request_duration_seconds[5m])))", "seconds"],
  ["histogram_avg(rate(http_request_duration_seconds[5m]))", "seconds"],
  ["histogram_count(rate(http_request_duration_seconds[5m]))", "perSecond"],
  ["histogram_fraction(0, 0.2, rate(http_request_duration_seconds[5m]))", "ratio"],
  ["histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))", "seconds"],
  ["sum(rate(http_request_duration_seconds_bucket[5m])) by (le)", "perSecond"],
  ["topk(5, node_filesystem_size_bytes) > 1e9", "bytes"],
  ["count(node_memory_MemTotal_bytes)", "count"],
  ["node_boot_time_seconds", "count"],
  ["node_load1", "count"],
  ["cache_hit_ratio", "ratio"],
  ["8 * rate(node_network_receive_bytes_total[1m])", "perSecond"],
  ["node_memory_MemTotal_bytes - node_memory_MemFree_bytes", "bytes"],
  ["max_over_time(node_memory_MemFree_bytes[5m:30s] offset 1h)", "bytes"],
  ["{__name__=\"node_memory_MemFree_bytes\"}", "bytes"],
  ["1 + 1", "count"],
  ["", "count"],
  ["sum(rate(", "perSecond"],
  [")))", "count"],
])("%s is read as %s", (query, unit) => expect(guessUnit(query)).toBe(unit));

it("queries of different units share none", () => expect(guessCommonUnit(["a_bytes", "b_seconds"])).toBe("count"));
it("queries of one unit share it", () => expect(guessCommonUnit(["a_bytes", "sum(b_bytes)"])).toBe("bytes"));
