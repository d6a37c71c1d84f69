/** Made-up hosts: every series is a function of time, so any window can be asked at once. */
const REPORT_EVERY = 5;
const EPOCH = 1_700_000_000;

function seeded(text) {
  let h = 2166136261;
  for (const char of text) h = Math.imul(h ^ char.codePointAt(0), 16777619);
  return ((h >>> 0) % 10_000) / 10_000;
}

/** A level that wanders smoothly around 1 and never reaches zero. */
function wander(seed, t) {
  const phase = seed * 100;
  return 1 + 0.35 * Math.sin(t / 97 + phase) + 0.2 * Math.sin(t / 31 + phase * 3) + 0.12 * Math.sin(t / 11 + phase * 7);
}

/** The integral of `wander`, for counters. */
function wandered(seed, t) {
  const phase = seed * 100;
  const s = t - EPOCH;
  return s - 0.35 * 97 * Math.cos(t / 97 + phase) - 0.2 * 31 * Math.cos(t / 31 + phase * 3) - 0.12 * 11 * Math.cos(t / 11 + phase * 7) + 70;
}

const GIB = 1024 ** 3;

function hostSeries(instance, { devices, disks, mounts, cores, loaded, swap }) {
  const series = [];
  const s = seeded(instance);
  const add = (name, labels, at) => series.push({ labels: { __name__: name, job: "node", instance, ...labels }, at });
  const counter = (name, labels, perSecond) => {
    const seed = seeded(`${instance}${name}${JSON.stringify(labels)}`);
    add(name, labels, (t) => perSecond * wandered(seed, t));
  };
  const gauge = (name, labels, level) => {
    const seed = seeded(`${instance}${name}${JSON.stringify(labels)}`);
    add(name, labels, (t) => level * wander(seed, t));
  };
  const constant = (name, labels, value) => add(name, labels, () => value);

  const shares = loaded
    ? { user: 0.72, system: 0.17, iowait: 0.03, softirq: 0.01, nice: 0.001, irq: 0.001, steal: 0.001 }
    : { user: 0.19, system: 0.06, iowait: 0.03, softirq: 0.008, nice: 0.002, irq: 0.001, steal: 0.001 };
  for (let cpu = 0; cpu < cores; cpu += 1) {
    const seeds = Object.keys(shares).map((mode) => seeded(`${instance}${cpu}${mode}`));
    Object.entries(shares).forEach(([mode, share], i) =>
      add("node_cpu_seconds_total", { cpu: String(cpu), mode }, (t) => share * wandered(seeds[i], t) * (loaded ? 0.75 : 1)),
    );
    add("node_cpu_seconds_total", { cpu: String(cpu), mode: "idle" }, (t) =>
      (t - EPOCH) - Object.values(shares).reduce((sum, share, i) => sum + share * wandered(seeds[i], t) * (loaded ? 0.75 : 1), 0),
    );
  }
  const busy = loaded ? 0.9 : 0.28;
  add("node_load1", {}, (t) => cores * busy * wander(s, t));
  add("node_load5", {}, (t) => cores * busy * wander(s, t / 3));
  add("node_load15", {}, (t) => cores * busy * wander(s, t / 8));
  const memory = 24 * GIB;
  const available = (t) => memory * (1 - (loaded ? 0.88 : 0.46) - 0.04 * (wander(s, t / 2) - 1));
  const free = (t) => available(t) * (0.3 + 0.05 * wander(s, t / 5));
  constant("node_memory_MemTotal_bytes", {}, memory);
  add("node_memory_MemAvailable_bytes", {}, available);
  add("node_memory_MemFree_bytes", {}, free);
  constant("node_memory_Buffers_bytes", {}, 0.4 * GIB);
  add("node_memory_Cached_bytes", {}, (t) => available(t) - free(t) - 0.4 * GIB);
  constant("node_memory_SwapTotal_bytes", {}, swap ? 4 * GIB : 0);
  add("node_memory_SwapFree_bytes", {}, (t) => (swap ? 4 * GIB - 0.3 * GIB * wander(s, t / 4) : 0));
  for (const [mountpoint, device, size, used] of mounts) {
    const labels = { device, fstype: "ext4", mountpoint };
    constant("node_filesystem_size_bytes", labels, size * GIB);
    const left = (t) => size * GIB * (1 - used * (1 + 0.004 * (wander(seeded(mountpoint), t) - 1)));
    add("node_filesystem_free_bytes", labels, (t) => left(t) + size * GIB * 0.02);
    add("node_filesystem_avail_bytes", labels, left);
  }
  disks.forEach((device, i) => {
    counter("node_disk_read_bytes_total", { device }, 3.1e6 / (i + 1));
    counter("node_disk_written_bytes_total", { device }, 8.4e6 / (i + 1));
    counter("node_disk_reads_completed_total", { device }, 80 / (i + 1));
    counter("node_disk_writes_completed_total", { device }, 140 / (i + 1));
    counter("node_disk_io_time_seconds_total", { device }, 0.23 / (i + 1));
  });
  devices.forEach((device, i) => {
    for (const [direction, level] of [["receive", 5.2e6], ["transmit", 1.9e6]]) {
      counter(`node_network_${direction}_bytes_total`, { device }, level / (i + 1));
      counter(`node_network_${direction}_packets_total`, { device }, 4000 / (i + 1));
      if (i === 0 && swap) counter(`node_network_${direction}_errs_total`, { device }, direction === "receive" ? 0.08 : 0.01);
      else constant(`node_network_${direction}_errs_total`, { device }, 0);
      constant(`node_network_${direction}_drop_total`, { device }, i === 0 && swap ? 12 : 0);
    }
  });
  constant("node_boot_time_seconds", {}, Math.floor(Date.now() / 1000) - 1_234_567);
  add("node_time_seconds", {}, (t) => t);
  constant("node_uname_info", { sysname: "Linux", release: "6.1.0-31-amd64", machine: "x86_64", nodename: instance.split(".")[0], domainname: "(none)", version: "#1 SMP" }, 1);
  gauge("node_procs_running", {}, 3);
  gauge("node_filefd_allocated", {}, 4200);
  return series;
}

const LONG = "with-a-name-that-nobody-would-type-twice-but-some-orchestrator-did";

export function makeWorld(mode, hostCount) {
  if (mode === "empty") return { hosts: [], series: [] };
  const wide = mode === "wide";
  const names = Array.from({ length: hostCount }, (_, i) => (i === 0 ? (wide ? `edge-01.${LONG}.eu-central-1.example.org` : "harbour") : `node-${String(i).padStart(2, "0")}`));
  const many = (word, n) => Array.from({ length: n }, (_, i) => `${word}${i}-${LONG}-${(i * 7919) % 1000}`);
  const series = names.flatMap((name, i) =>
    hostSeries(name, {
      cores: wide ? 64 : 4,
      loaded: mode === "alert" ? i === 0 : hostCount > 1 && i % 5 === 2,
      swap: i === 0,
      devices: wide ? many("veth", 500) : ["eth0", "wg0"],
      disks: wide ? many("dm-", 60) : ["nvme0n1", "sda"],
      mounts: wide
        ? many("/var/lib/volumes/pvc-", 500).map((path, n) => [path, `/dev/mapper/vg0-${n}`, 10 + (n % 90), ((n * 37) % 100) / 101])
        : [["/", "/dev/nvme0n1p2", 96, 0.41], ["/srv/archive", "/dev/sda1", 1860, 0.86], ["/boot", "/dev/nvme0n1p1", 0.95, 0.22]],
    }),
  );
  return { hosts: names, series };
}

/** The sample in force at a moment: hosts report every 5 s and were silent for a while before the start. */
export function makeReader(startedAt) {
  const silentFrom = startedAt - 480;
  const silentTo = startedAt - 405;
  return {
    at(series, time) {
      const t = Math.floor(time / REPORT_EVERY) * REPORT_EVERY;
      return t >= silentFrom && t < silentTo ? null : { t, v: series.at(t) };
    },
    between(series, from, to) {
      const out = [];
      for (let t = Math.ceil((from + 1e-9) / REPORT_EVERY) * REPORT_EVERY; t <= to; t += REPORT_EVERY) {
        const sample = this.at(series, t);
        if (sample) out.push(sample);
      }
      return out;
    },
  };
}
