/**
 * A FAKE Sightline for looking at the web UI: invented hosts behind the real HTTP and WebSocket shapes.
 * node dev/fake-server.mjs [--port 8080] [--mode normal|alert|wide|empty] [--hosts 1] [--token secret]
 * POST /fake?mode=gone drops every connection until POST /fake?mode=normal.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { endFakeSilence, FAKE_CONFIGURATION, fakeGroups, fakeNotices, fakeReceivers, fakeSilences, fakeToldAlerts, fakeWhy, putFakeSilence } from "./fake-alerting.mjs";
import { fakeContainers, fakeServers, fakeTargets } from "./fake-fleet.mjs";
import { makeReader, makeWorld } from "./fake-metrics.mjs";
import { BadQuery, evaluate, matches, parse } from "./fake-promql.mjs";

const { values: args } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    mode: { type: "string", default: "normal" },
    hosts: { type: "string", default: "1" },
    token: { type: "string", default: "" },
  },
});
const UI = fileURLToPath(new URL("../../src/sightline/adapters/inbound/http/ui/", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".woff": "font/woff" };

const startedAt = Date.now() / 1000;
const reader = makeReader(startedAt);
let mode = args.mode;
let world = makeWorld(mode, Number(args.hosts));
const sockets = new Set();

function alerts() {
  if (mode !== "alert" && mode !== "wide") return [];
  const alert = (alertname, severity, state, ago, value, summary, description, reason) => ({
    labels: { alertname, severity, instance: world.hosts[0], job: "node" },
    annotations: { summary, description },
    state,
    activeAt: new Date((startedAt - ago) * 1000).toISOString(),
    value,
    reason,
  });
  return [
    alert("HighMemoryUsage", "critical", "firing", 312, "8.83e+01", `Memory use of ${world.hosts[0]} is above 85 %`, "More than 85 % of memory has been in use for 1 min.", "above_threshold_for_duration"),
    alert("HighCpuUsage", "critical", "pending", 24, "9.12e+01", `CPU use of ${world.hosts[0]} is above 90 %`, "More than 90 % of CPU time has been in use.", "above_threshold"),
    alert("HighCpuUsage", "critical", "resolved", 660, "4.1e+01", `CPU use of ${world.hosts[0]} was above 90 %`, "", "below_threshold"),
  ];
}

function rules() {
  const rule = (name, severity, query, value) => {
    const worst = alerts().find((alert) => alert.labels.alertname === name && alert.state !== "resolved");
    return {
      type: "alerting", name, state: worst?.state ?? "inactive", query: `${query} > ${value}`, duration: 10, keepFiringFor: 0,
      labels: { severity }, annotations: {}, threshold: { query, comparison: ">", value }, alerts: [], health: "ok",
      evaluationTime: 0.004, lastEvaluation: new Date(Math.floor(Date.now() / 5000) * 5000).toISOString(),
    };
  };
  return [
    rule("HighCpuUsage", "critical", '100 * (1 - sum by (instance) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[30s])) / sum by (instance) (rate(node_cpu_seconds_total[30s])))', 90),
    rule("HighMemoryUsage", "warning", "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)", 85),
  ];
}

class Refusal extends Error {
  constructor(status, errorType, code, message) {
    super(message);
    Object.assign(this, { status, errorType, code });
  }
}
const bad = (message) => new Refusal(400, "bad_data", "bad_parameter", message);

function selectorMatcher(text) {
  const tree = parse(text);
  if (tree.kind !== "selector") throw bad("match[] must be a selector");
  return (series) => matches(series.labels, tree.matchers);
}

const API = {
  query(params) {
    const time = Number(params.get("time") ?? Date.now() / 1000);
    const result = evaluate(parse(params.get("query") ?? ""), time, world, reader);
    if (typeof result === "number") return { resultType: "scalar", result: [time, String(result)] };
    return { resultType: "vector", result: result.map(({ labels, v }) => ({ metric: labels, value: [time, String(v)] })) };
  },
  query_range(params) {
    const [start, end, step] = ["start", "end", "step"].map((name) => Number(params.get(name)));
    if (!(step > 0) || end < start) throw bad("step must be positive and end not before start");
    if ((end - start) / step > 11_000) throw bad("more than 11,000 points per series; choose a larger step");
    const tree = parse(params.get("query") ?? "");
    const rows = new Map();
    for (let t = start; t <= end + 1e-6; t += step) {
      if (t > Date.now() / 1000) break;
      const result = evaluate(tree, t, world, reader);
      for (const { labels, v } of typeof result === "number" ? [{ labels: {}, v: result }] : result) {
        const key = JSON.stringify(labels);
        if (!rows.has(key)) rows.set(key, { metric: labels, values: [] });
        rows.get(key).values.push([t, String(v)]);
      }
    }
    return { resultType: "matrix", result: [...rows.values()] };
  },
  series(params) {
    const wanted = params.getAll("match[]").map(selectorMatcher);
    return world.series.filter((series) => wanted.some((fits) => fits(series))).map((series) => series.labels);
  },
  labels(params) {
    const wanted = params.getAll("match[]").map(selectorMatcher);
    const found = world.series.filter((series) => wanted.length === 0 || wanted.some((fits) => fits(series)));
    return [...new Set(found.flatMap((series) => Object.keys(series.labels)))].sort();
  },
  metadata: () =>
    Object.fromEntries([...new Set(world.series.map((series) => series.labels.__name__))].map((name) => [name, [{ type: name.endsWith("_total") ? "counter" : "gauge", help: `What ${name} counts.`, unit: "" }]])),
  format_query(params) {
    parse(params.get("query") ?? "");
    return params.get("query");
  },
  alerts: () => ({ alerts: alerts() }),
  rules: () => ({ groups: [{ name: "alerts", file: "catalog", interval: 5, rules: rules() }] }),
  radar: () => ({ start: new Date(0).toISOString(), end: new Date().toISOString(), rules: rules().length, looked: rules().length, partial: false, found: [] }),
  targets: () => fakeTargets(mode),
  notices: () => fakeNotices(mode, told()),
  "notices/why": (params) => {
    const found = fakeWhy(told(), params.get("fingerprint"));
    if (!found) throw new Refusal(404, "not_found", "not_found", "There is no such alert.");
    return found;
  },
  receivers: () => fakeReceivers(mode),
  "receivers/test": () => {
    if (mode === "alert") throw new Refusal(502, "internal", "notice_refused", "The address answered 503 Service Unavailable.");
    return { channel: "" };
  },
  "status/buildinfo": () => ({ version: "0.0.0-fake" }),
};

const told = () => fakeToldAlerts(mode, alerts());

/** Those of the alerts that satisfy all equalities that are asked for; other matchers hold everything here. */
function heldBy(params) {
  const wanted = params.getAll("filter").map((text) => /^"?(.*?)"?=(?!~)"(.*)"$/.exec(text)).filter(Boolean);
  return told().filter((one) => wanted.every(([, name, value]) => (one.labels[name] ?? "") === value));
}

/** Answers without an envelope. */
const DOCUMENTS = {
  "/api/v2/alerts": heldBy,
  "/api/v2/alerts/groups": () => fakeGroups(told()),
  "/api/v2/silences": () => fakeSilences(mode),
  "/api/v2/status": () => ({ config: { original: FAKE_CONFIGURATION } }),
  "/api/containers": (params) => fakeContainers(mode, params.get("all") === "1"),
  "/api/v1/servers": () => ({ servers: fakeServers(mode) }),
  "/api/v1/alert-rules": () => ({ rules: [] }),
  "/api/v1/metrics": () => ({ metrics: [] }),
};

function answerApi(path, params) {
  const values = /^label\/([^/]+)\/values$/.exec(path);
  if (values) {
    const wanted = params.getAll("match[]").map(selectorMatcher);
    const found = world.series.filter((series) => wanted.length === 0 || wanted.some((fits) => fits(series)));
    return [...new Set(found.map((series) => series.labels[values[1]]).filter(Boolean))].sort();
  }
  if (!API[path]) throw new Refusal(404, "not_found", "not_found", "There is no such endpoint.");
  return API[path](params);
}

async function body(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://fake");
  if (url.pathname === "/fake") {
    mode = url.searchParams.get("mode") ?? "normal";
    if (mode === "gone") for (const socket of sockets) socket.destroy();
    else world = makeWorld(mode, Number(args.hosts));
    return response.end();
  }
  if (mode === "gone") return request.destroy();
  if (url.pathname === "/") return response.writeHead(307, { location: "/ui/" }).end();
  if (url.pathname.startsWith("/ui")) return sendFile(url.pathname.slice(3), response);
  if (url.pathname === "/api/v2/silences" && request.method === "POST") return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(putFakeSilence(JSON.parse(await body(request)))));
  if (url.pathname.startsWith("/api/v2/silence/") && request.method === "DELETE") {
    endFakeSilence(url.pathname.split("/").at(-1));
    return response.writeHead(200).end();
  }
  if (DOCUMENTS[url.pathname]) return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(DOCUMENTS[url.pathname](url.searchParams)));
  if (!url.pathname.startsWith("/api/v1/")) return response.writeHead(404).end();
  let status = 200;
  let answer;
  try {
    if (args.token && request.headers.authorization !== `Bearer ${args.token}`) throw new Refusal(401, "unauthorized", "unauthorized", "A valid token is needed.");
    const params = request.method === "POST" ? new URLSearchParams(await body(request)) : url.searchParams;
    answer = { status: "success", data: answerApi(url.pathname.slice(8), params) };
  } catch (failure) {
    const known = failure instanceof BadQuery ? bad(failure.message) : failure instanceof Refusal ? failure : new Refusal(500, "internal", "internal", String(failure));
    status = known.status;
    answer = { status: "error", errorType: known.errorType, error: known.message, code: known.code };
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
});

async function sendFile(path, response) {
  const clean = normalize(path);
  // A host's name may hold dots, so an extension alone does not make a file.
  const file = clean.startsWith("/assets/") || clean === "/icon.svg" ? clean : "/index.html";
  try {
    const content = await readFile(join(UI, file));
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'" }).end(content);
  } catch {
    response.writeHead(404).end("not built: npm run build");
  }
}

server.on("upgrade", (request, socket) => {
  socket.on("error", () => {});
  if (mode === "gone") return socket.destroy();
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
  const bearer = offered.find((one) => one.startsWith("bearer."))?.slice(7);
  if (args.token && Buffer.from(bearer ?? "", "base64url").toString() !== args.token) return socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: sightline.v1\r\n\r\n`);
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("data", (data) => (data[0] & 0x0f) === 8 && socket.end());
  send(socket, { type: "hello", version: "0.0.0-fake", tenant: "default" });
});

function send(socket, frame) {
  const text = Buffer.from(JSON.stringify(frame));
  const head = text.length < 126 ? Buffer.from([0x81, text.length]) : Buffer.from([0x81, 126, text.length >> 8, text.length & 255]);
  socket.write(Buffer.concat([head, text]));
}

setInterval(() => {
  const t = Math.floor(Date.now() / 5000) * 5;
  const series = world.hosts.slice(0, 20).map((instance) => ({ metric: { __name__: "node_time_seconds", job: "node", instance }, values: [[t, String(t)]] }));
  if (series.length > 0) for (const socket of sockets) send(socket, { type: "samples", series });
}, 5000);

server.listen(Number(args.port), "127.0.0.1", () => console.log(`Fake Sightline (${mode}) on http://127.0.0.1:${server.address().port}/ui/`));
