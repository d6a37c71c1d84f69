/** Invented alerts on their way to people: none, a few, or two thousand (`wide`). */
const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
const TEAMS = ["db", "web", "storage", "platform"];
const SILENCE = "5b1c3c0e-8a44-4c5e-9d1f-2f6f0a7c9e11";
const silences = new Map();

function fingerprintOf(labels) {
  let digest = 0xcbf29ce484222325n;
  for (const name of Object.keys(labels).sort())
    for (const text of [name, labels[name]]) for (const byte of [...Buffer.from(text), 0xff]) digest = ((digest ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  return digest.toString(16).padStart(16, "0");
}

function alert(labels, summary, since, held = {}) {
  const status = { silencedBy: [], inhibitedBy: [], mutedBy: [], ...held };
  const state = Object.values(status).some((one) => one.length > 0) ? "suppressed" : "active";
  return {
    labels, annotations: { summary, runbook_url: "https://wiki.example.org/runbooks/" + labels.alertname }, fingerprint: fingerprintOf(labels), startsAt: ago(since), endsAt: ago(-300), updatedAt: ago(2),
    generatorURL: "http://prometheus.example.org/graph?g0.expr=up", receivers: [{ name: "team-" + (labels.team ?? "platform") }], status: { state, ...status },
  };
}

export function fakeToldAlerts(mode, rules) {
  if (mode === "empty" || mode === "normal") return [];
  const own = rules.filter((one) => one.state === "firing").map((one) => alert(one.labels, one.annotations.summary, 312));
  if (mode === "alert") {
    return [...own, alert({ alertname: "ReplicaLags", instance: "db-2:9100", severity: "warning", team: "db" }, "Replica db-2 lags 92 s behind", 5400, { silencedBy: [SILENCE] })];
  }
  return [
    ...own,
    ...Array.from({ length: 2000 }, (_, i) =>
      alert(
        { alertname: ["DiskFull", "ReplicaLags", "QueueLongerThanWhatOneWouldExpectOfAHealthyConsumerGroup", "TargetDown"][i % 4], instance: `node-${String(i).padStart(4, "0")}.rack-${i % 40}.eu-central-1.example.org:9100`, severity: ["critical", "warning", "info"][i % 3], team: TEAMS[(i >> 2) % 4], cluster: `cluster-${i % 7}` },
        `Something of node ${i} is not as it should be`, 60 + 37 * i,
        i % 9 === 0 ? { silencedBy: [SILENCE] } : i % 13 === 0 ? { inhibitedBy: ["87a57f441249b282"] } : i % 17 === 0 ? { mutedBy: ["nights"] } : {},
      ),
    ),
  ];
}

export function fakeGroups(alerts) {
  const groups = new Map();
  for (const one of alerts) {
    const labels = one.labels.team ? { alertname: one.labels.alertname, team: one.labels.team } : { alertname: one.labels.alertname };
    const key = JSON.stringify(labels);
    if (!groups.has(key)) groups.set(key, { labels, receiver: one.receivers[0], alerts: [] });
    groups.get(key).alerts.push(one);
  }
  return [...groups.values()];
}

export function fakeSilences(mode) {
  if (mode !== "empty" && mode !== "normal" && silences.size === 0) {
    const one = (id, part) => silences.set(id, { id, createdBy: "ada", comment: "", updatedAt: ago(600), startsAt: ago(3600), endsAt: ago(-7200), status: { state: "active" }, matchers: [], ...part });
    one(SILENCE, { comment: "The replicas are rebuilt, see ticket 4711", matchers: [{ name: "alertname", value: "ReplicaLags", isRegex: false, isEqual: true }, { name: "instance", value: "db-.+", isRegex: true, isEqual: true }] });
    one("5b1c3c0e-8a44-4c5e-9d1f-2f6f0a7c9e12", { status: { state: "pending" }, createdBy: "grace", comment: "The weekly backup", endsAt: "9999-12-31T23:59:59.999Z", matchers: [{ name: "team", value: "db", isRegex: false, isEqual: true }], recurrence: [{ weekdays: ["sunday"], times: [{ start_time: "02:00", end_time: "04:00" }], location: "Europe/Berlin" }] });
    one("5b1c3c0e-8a44-4c5e-9d1f-2f6f0a7c9e13", { status: { state: "expired" }, endsAt: ago(1800), comment: "Deployment of the shop", matchers: [{ name: "job", value: "shop", isRegex: false, isEqual: true }] });
    if (mode === "wide") for (let i = 0; i < 300; i += 1) one(`6b1c3c0e-8a44-4c5e-9d1f-${String(i).padStart(12, "0")}`, { comment: `Maintenance of rack ${i}`, matchers: [{ name: "instance", value: `.*rack-${i}\\.eu-central-1\\.example\\.org.*`, isRegex: true, isEqual: true }, { name: "severity", value: "info", isRegex: false, isEqual: false }] });
  }
  return [...silences.values()];
}

export function putFakeSilence(draft) {
  const id = draft.id ?? crypto.randomUUID();
  const isLater = Date.parse(draft.startsAt) > Date.now() || draft.recurrence?.length > 0;
  silences.set(id, { ...draft, id, updatedAt: ago(0), endsAt: draft.endsAt ?? "9999-12-31T23:59:59.999Z", status: { state: isLater ? "pending" : "active" } });
  return { silenceID: id };
}

export function endFakeSilence(id) {
  const found = silences.get(id);
  if (found) silences.set(id, { ...found, endsAt: ago(0), status: { state: "expired" } });
}

export const fakeReceivers = (mode) => ({
  receivers:
    mode === "empty"
      ? []
      : [
          { name: "team-platform", channels: [{ key: "team-platform/slack/0", kind: "slack", circuit: "closed", owed: 0, problem: "", sendsResolved: true, whenMuted: "hold" }, { key: "team-platform/pagerduty/1", kind: "pagerduty", circuit: "closed", owed: 0, problem: "", sendsResolved: true, whenMuted: "acknowledge" }] },
          { name: "team-db", channels: [{ key: "team-db/webhook/0", kind: "webhook", circuit: mode === "normal" ? "closed" : "open", owed: mode === "normal" ? 0 : 3, problem: mode === "normal" ? "" : "the address answered 503 Service Unavailable: upstream connect error or disconnect/reset before headers", sendsResolved: false, whenMuted: "resolve" }] },
          { name: "nobody", channels: [] },
        ],
});

const channel = (key, kind, told, reason, part = {}) => ({ channel: key, kind, told, reason, by: [], lastToldAt: told ? ago(184) : null, owed: false, problem: "", ...part });

export function fakeWhy(alerts, fingerprint) {
  const found = alerts.find((one) => one.fingerprint === fingerprint);
  if (!found) return null;
  const held = found.status.state === "suppressed";
  const team = found.labels.team ?? "platform";
  return {
    alert: found,
    routes: [
      { route: "{}", receiver: "team-platform", reason: "passed_on_to_routes_beneath", failed: null },
      ...TEAMS.map((one) => (one === team ? { route: `{team="${one}"}`, receiver: `team-${one}`, reason: "taken", failed: null } : { route: `{team="${one}"}`, receiver: `team-${one}`, reason: "matcher_not_satisfied", failed: `team="${one}"` })),
      { route: '{severity="critical"}', receiver: "on-call", reason: "earlier_route_taken_without_continue", failed: null },
    ],
    groups: [
      {
        key: "{}:{}", labels: { alertname: found.labels.alertname, team }, receiver: `team-${team}`, nextLookAt: ago(-23),
        channels: held
          ? [channel(`team-${team}/slack/0`, "slack", false, "silenced", { by: found.status.silencedBy })]
          : [channel(`team-${team}/slack/0`, "slack", true, "nothing_new"), channel(`team-${team}/webhook/1`, "webhook", false, "circuit_open", { owed: true, problem: "the address answered 503 Service Unavailable" }), channel(`team-${team}/email/2`, "email", false, "cooldown")],
      },
    ],
  };
}

export function fakeNotices(mode, alerts) {
  if (mode === "empty" || mode === "normal") return { notices: [] };
  const reasons = [[true, "new_alerts"], [false, "cooldown"], [true, "alerts_resolved"], [false, "silenced"], [false, "channel_failed"], [true, "repeat_interval_over"], [false, "muted_by_time_interval"]];
  const count = mode === "wide" ? 1000 : 9;
  return {
    notices: Array.from({ length: count }, (_, i) => {
      const [told, reason] = reasons[i % reasons.length];
      const its = alerts.slice(i % Math.max(1, alerts.length), (i % Math.max(1, alerts.length)) + 1 + (i % 4)).map((one) => one.labels);
      const receiver = `team-${TEAMS[i % 4]}`;
      return { at: ago(40 + i * 617), receiver, channel: `${receiver}/slack/0`, kind: "slack", told, reason, attempts: reason === "channel_failed" ? 3 : 1, problem: reason === "channel_failed" ? "the address answered 503 Service Unavailable" : "", groupKey: `{}:{${i}}`, groupLabels: its[0] ? { alertname: its[0].alertname, team: TEAMS[i % 4] } : {}, alerts: its, id: String(i) };
    }),
  };
}

export const FAKE_CONFIGURATION = `route:
  receiver: team-platform
  group_by: [alertname, team]
  routes:
    - matchers: ['team="db"']
      receiver: team-db
receivers:
  - name: team-platform
    slack_configs:
      - api_url: <secret>
        channel: '#platform'
  - name: team-db
    webhook_configs:
      - url: <secret>
  - name: nobody
`;
