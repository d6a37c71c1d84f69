/** Made-up containers, servers and scrape targets, in the shapes of their APIs. */
const LONG = "with-a-name-that-nobody-would-type-twice-but-some-orchestrator-did";
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const range = (count) => Array.from({ length: count }, (_, i) => i);
const id = (text) => [...text].reduce((hex, char) => hex + char.codePointAt(0).toString(16), "").padEnd(64, "0").slice(0, 64);
const sway = (seed) => 0.5 + 0.45 * Math.sin(Date.now() / 40_000 + seed);

function container(name, parts = {}) {
  const cpus = 2;
  const limit = 512 * 1024 ** 2;
  const load = sway(name.length + (name.codePointAt(name.length - 1) ?? 0));
  const stopped = parts.state === "exited";
  return {
    id: id(name), name, image: "registry.example.org/shop/checkout:2026.11.21", state: "running", status: "Up 3 hours", health: "none", started_at: ago(11_000), finished_at: null, exit_code: 0, restarts: 0,
    cpu_percent: stopped ? null : 80 * load, cpu_percent_of_limit: stopped ? null : 40 * load, cpu_limit: stopped ? null : cpus,
    memory_bytes: stopped ? null : limit * (0.2 + 0.3 * load), memory_limit_bytes: stopped ? null : limit, memory_percent: stopped ? null : 20 + 30 * load,
    network_rx_bytes: null, network_tx_bytes: null, cpu_threshold: 90, memory_threshold: 85, timestamp: stopped ? null : ago(2), labels: { "com.docker.compose.project": "shop" }, ...parts,
  };
}

export function fakeContainers(mode, all) {
  if (mode === "empty") return [];
  const many = mode === "wide" ? range(500).map((i) => container(`replica-${i}-${LONG}`)) : [];
  const troubled = mode === "alert" ? [container("payments-1", { health: "unhealthy", status: "Up 3 hours (unhealthy)" }), container("mailer-1", { state: "restarting", status: "Restarting (1) 4 seconds ago", restarts: 17 })] : [];
  const running = [container("checkout-1", { health: "healthy", status: "Up 3 hours (healthy)" }), container("db-1"), container("search-1", { cpu_percent: 192, cpu_percent_of_limit: 96 })];
  const stopped = [container("migrate-1", { state: "exited", status: "Exited (0) 2 hours ago", finished_at: ago(7_200) })];
  return [...running, ...troubled, ...many, ...(all ? stopped : [])].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function fakeServers(mode) {
  if (mode === "empty") return [];
  const server = (hostname, seen) => ({ id: id(hostname).slice(0, 32), hostname, ip_address: "192.0.2.17", os: "Debian 13", labels: { env: "prod", role: "web" }, agent_version: "2.4.1", last_seen: seen === null ? null : ago(seen), created_at: ago(864_000), updated_at: ago(3_600) });
  const many = mode === "wide" ? range(500).map((i) => server(`edge-${i}.${LONG}.example.org`, (i * 7) % 60)) : [];
  return [server("web-1", 4), server("web-2", 11), server("db-1", mode === "alert" ? 2_400 : 7), server("new-1", null), ...many];
}

export function fakeTargets(mode) {
  if (mode === "empty") return { activeTargets: [], droppedTargets: [] };
  const target = (job, instance, lastError = "") => ({
    labels: { job, instance }, discoveredLabels: {}, scrapePool: job, scrapeUrl: `http://${instance}/metrics`, globalUrl: `http://${instance}/metrics`, lastError, lastScrape: ago(6), lastScrapeDuration: 0.012, health: lastError ? "down" : "up", scrapeInterval: "15s", scrapeTimeout: "10s",
  });
  const failing = mode === "alert";
  const nodes = range(mode === "wide" ? 200 : 6).map((i) => target("node", `192.0.2.${i + 1}:9100`, failing && i < 4 ? "the connection was refused" : ""));
  return { activeTargets: [...nodes, target("sightline", "127.0.0.1:8080"), target("postgres", "192.0.2.9:9187", failing ? "no answer within 10 s" : "")], droppedTargets: [] };
}
