/** What is asked of people for each kind of check: the server's options (domain/probes/options.py) as fields of a form. */
export type Shape = "text" | "number" | "secret" | "long" | "choice" | "switch" | "list" | "pairs" | "auth" | "tls" | "talk";

export interface Field {
  name: string;
  label: string;
  shape: Shape;
  hint?: string;
  placeholder?: string;
  choices?: ReadonlyArray<readonly [string, string]>;
  /** What a new check begins with; without it nothing, which leaves the default to the server. */
  initial?: string | boolean;
  /** Below the fold: few checks say anything else than the default. */
  rare?: boolean;
  /** Of `tls`: there may be none. */
  optional?: boolean;
}

export interface Kind {
  type: string;
  word: string;
  /** What it is for, in a line. */
  about: string;
  /** How its address is called and written; none where nobody is asked. */
  url: { label: string; placeholder: string; hint?: string } | null;
  fields: readonly Field[];
}

const IP: Field = { name: "ip_version", label: "IP version", shape: "choice", choices: [["any", "Any"], ["4", "IPv4 only"], ["6", "IPv6 only"]], initial: "any", rare: true };
const TLS: Field = { name: "tls", label: "TLS", shape: "tls", rare: true };
const MAYBE_TLS: Field = { name: "tls", label: "TLS", shape: "tls", optional: true };
const HEADERS: Field = { name: "headers", label: "Headers", shape: "pairs", hint: "A value *** keeps the secret that is stored." };
const days = (label: string, hint: string, initial: string): Field => ({ name: label === "domain" ? "days" : "certificate_days", label: "Warn before it ends", shape: "number", hint, initial });
const CERTIFICATE = days("certificate", "days before the certificate ends; 0 never", "14");
const HOST_PORT = (port: string): Kind["url"] => ({ label: "Address", placeholder: `db.example.com:${port}`, hint: `host:port; without a port ${port}` });

const choice = (...words: string[]): ReadonlyArray<readonly [string, string]> => words.map((word) => [word, word] as const);

export const KINDS: readonly Kind[] = [
  {
    type: "http", word: "HTTP", about: "A web page or an API answers as it should",
    url: { label: "URL", placeholder: "https://shop.example.com/health" },
    fields: [
      { name: "method", label: "Method", shape: "choice", choices: choice("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), initial: "GET" },
      { name: "accepted", label: "Accepted status codes", shape: "list", hint: "codes, ranges and classes, one a line: 200, 200-299, 2xx", placeholder: "200-299" },
      HEADERS,
      { name: "body", label: "Body", shape: "long", placeholder: '{"query": "ping"}' },
      { name: "auth", label: "Authentication", shape: "auth" },
      { name: "follow_redirects", label: "Follow redirects", shape: "switch", initial: true },
      { name: "max_redirects", label: "At most so many redirects", shape: "number", initial: "10" },
      CERTIFICATE,
      { name: "version", label: "HTTP version", shape: "choice", choices: [["auto", "2, else 1.1"], ["1.1", "1.1"], ["2", "2"]], initial: "auto", rare: true },
      { name: "max_body", label: "Largest answer", shape: "text", hint: "as 64KiB or 1MiB; a longer one is a failure", initial: "1MiB", rare: true },
      { name: "proxy", label: "Proxy", shape: "text", placeholder: "http://proxy.example.com:3128", rare: true },
      IP, TLS,
    ],
  },
  { type: "tcp", word: "TCP", about: "A port accepts connections, and says what it should", url: { label: "Address", placeholder: "db.example.com:5432", hint: "host:port" }, fields: [{ name: "talk", label: "Talk", shape: "talk", hint: "Each step sends a text, expects one (RE2) in what comes, or both." }, MAYBE_TLS, IP] },
  { type: "icmp", word: "Ping", about: "A machine answers echo requests", url: { label: "Host", placeholder: "router.example.com" }, fields: [{ name: "count", label: "Requests", shape: "number", initial: "1", hint: "up when one of them is answered" }, { name: "payload", label: "Payload", shape: "number", initial: "56", hint: "bytes", rare: true }, IP] },
  {
    type: "dns", word: "DNS", about: "A name resolves to what it should",
    url: { label: "Name asked for", placeholder: "shop.example.com" },
    fields: [
      { name: "record_type", label: "Record type", shape: "choice", choices: choice("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "SRV", "CAA", "PTR"), initial: "A" },
      { name: "resolver", label: "Resolver", shape: "text", placeholder: "9.9.9.9", hint: "host or host:port; empty the machine's own" },
      { name: "expected", label: "Expected answers", shape: "list", hint: "one a line; each must be there", placeholder: "192.0.2.1" },
      { name: "accepted_rcodes", label: "Accepted response codes", shape: "list", placeholder: "NOERROR", rare: true },
      { name: "transport", label: "Transport", shape: "choice", choices: [["udp", "UDP"], ["tcp", "TCP"]], initial: "udp", rare: true },
      { name: "recursion", label: "Ask for recursion", shape: "switch", initial: true, rare: true },
      IP,
    ],
  },
  { type: "tls", word: "Certificate", about: "A TLS certificate is valid, and for how long", url: { label: "Address", placeholder: "shop.example.com:443", hint: "host:port; without a port 443" }, fields: [CERTIFICATE, { name: "starttls", label: "STARTTLS", shape: "choice", choices: [["", "None: TLS from the start"], ["smtp", "SMTP"], ["imap", "IMAP"], ["pop3", "POP3"], ["postgres", "PostgreSQL"]], initial: "" }, TLS, IP] },
  { type: "heartbeat", word: "Heartbeat", about: "A job reports by itself, and is missed when it does not", url: null, fields: [
    { name: "period", label: "Expected every", shape: "text", hint: "as 5m, 1h or 1d", initial: "1d" },
    { name: "grace", label: "May be late by", shape: "text", initial: "1h" },
    { name: "cron", label: "Or by a cron expression", shape: "text", placeholder: "30 2 * * *", hint: "then the period does not count" },
    { name: "timezone", label: "Time zone of it", shape: "text", initial: "UTC" },
    { name: "slug", label: "Slug", shape: "text", hint: "what it is called in addresses with a ping key; empty goes by its name", rare: true },
    { name: "manual_resume", label: "A ping leaves it paused where it is", shape: "switch", initial: false, rare: true },
    { name: "token", label: "Secret of its ping address", shape: "secret", hint: "empty: one is made", rare: true },
  ] },
  { type: "grpc", word: "gRPC", about: "A service says by the health protocol that it serves", url: { label: "Address", placeholder: "api.example.com:9090", hint: "host:port" }, fields: [{ name: "service", label: "Service", shape: "text", placeholder: "shop.v1.Orders", hint: "empty: the server as a whole" }, { name: "metadata", label: "Metadata", shape: "pairs" }, MAYBE_TLS, IP] },
  { type: "websocket", word: "WebSocket", about: "A WebSocket opens, and answers", url: { label: "URL", placeholder: "wss://shop.example.com/live" }, fields: [{ name: "send", label: "Send", shape: "text" }, { name: "expect", label: "Expect", shape: "text", hint: "a regular expression (RE2) that an answer must match" }, HEADERS, { name: "subprotocols", label: "Subprotocols", shape: "list", rare: true }, TLS, IP] },
  { type: "mail", word: "Mail", about: "SMTP, IMAP or POP3 greets", url: { label: "Address", placeholder: "mail.example.com:25", hint: "host:port; without a port the protocol's" }, fields: [{ name: "protocol", label: "Protocol", shape: "choice", choices: [["smtp", "SMTP"], ["imap", "IMAP"], ["pop3", "POP3"]], initial: "smtp" }, { name: "security", label: "Security", shape: "choice", choices: [["none", "None"], ["starttls", "STARTTLS"], ["tls", "TLS from the start"]], initial: "none" }, TLS, IP] },
  { type: "postgres", word: "PostgreSQL", about: "A database lets one in, and answers a query", url: HOST_PORT("5432"), fields: [{ name: "username", label: "User", shape: "text", hint: "without one the server's answer is enough" }, { name: "password", label: "Password", shape: "secret" }, { name: "database", label: "Database", shape: "text" }, { name: "query", label: "Query", shape: "text", placeholder: "SELECT 1" }, MAYBE_TLS, IP] },
  { type: "mysql", word: "MySQL", about: "MySQL or MariaDB greets", url: HOST_PORT("3306"), fields: [IP] },
  { type: "redis", word: "Redis", about: "Redis answers PING", url: HOST_PORT("6379"), fields: [{ name: "username", label: "User", shape: "text" }, { name: "password", label: "Password", shape: "secret" }, MAYBE_TLS, IP] },
  { type: "mongodb", word: "MongoDB", about: "MongoDB answers hello", url: HOST_PORT("27017"), fields: [MAYBE_TLS, IP] },
  { type: "ntp", word: "NTP", about: "A time server is right", url: { label: "Address", placeholder: "pool.ntp.org", hint: "host:port; without a port 123" }, fields: [IP] },
  { type: "ssh", word: "SSH", about: "An SSH server shows its banner", url: { label: "Address", placeholder: "jump.example.com:22", hint: "host:port; without a port 22" }, fields: [IP] },
  { type: "domain", word: "Domain", about: "A domain's registration lasts", url: { label: "Domain", placeholder: "example.com" }, fields: [days("domain", "days before the registration ends; 0 never", "30"), { name: "server", label: "RDAP server", shape: "text", hint: "empty: found by IANA's list", rare: true }, IP] },
  { type: "promql", word: "PromQL", about: "An expression over your series yields something", url: null, fields: [{ name: "expr", label: "Expression", shape: "long", placeholder: "sum(rate(http_requests_total[5m])) > 1", hint: "down where it yields nothing, or a scalar that is 0" }] },
  { type: "composed", word: "Composed", about: "Several checks taken together", url: null, fields: [{ name: "checks", label: "Checks", shape: "list", hint: "their names, one a line" }, { name: "need", label: "So many must be up", shape: "number", initial: "0", hint: "0: all" }] },
];

/** Fields of every check; those that stand elsewhere in the form (name, address, conditions) are not among them. */
export const TIMING: readonly Field[] = [
  { name: "interval", label: "Every", shape: "text", hint: "from one probe to the next", initial: "1m" },
  { name: "timeout", label: "Timeout", shape: "text", placeholder: "10s", hint: "never longer than the interval" },
  { name: "retries", label: "Retries", shape: "number", initial: "0", hint: "before a probe counts as failed" },
  { name: "retry_interval", label: "Between retries", shape: "text", initial: "1s" },
  { name: "failures", label: "Down after", shape: "number", initial: "1", hint: "failed probes in a row" },
  { name: "successes", label: "Up after", shape: "number", initial: "1", hint: "good probes in a row" },
];
export const NOTICE: readonly Field[] = [
  { name: "notify", label: "An incident becomes an alert", shape: "switch", initial: true },
  { name: "severity", label: "Severity", shape: "choice", choices: [["critical", "Critical"], ["warning", "Warning"], ["info", "Info"]], initial: "critical" },
  { name: "runbook_url", label: "Runbook", shape: "text", placeholder: "https://wiki.example.com/shop", hint: "what to do, for whoever is woken" },
  { name: "description", label: "Description", shape: "long" },
];
export const PLACE: readonly Field[] = [
  { name: "group", label: "Group", shape: "text", hint: "under which heading it is listed" },
  { name: "tags", label: "Tags", shape: "pairs", hint: "become labels of its series and alerts" },
  { name: "depends_on", label: "Depends on", shape: "list", hint: "checks, one name a line, without which this one cannot be reached" },
  { name: "locations", label: "Locations", shape: "list", hint: "one a line; empty is everywhere" },
  { name: "quorum", label: "Locations that must find it down", shape: "number", initial: "0", hint: "0: more than half of those that are heard" },
  { name: "trace", label: "Probes carry a sampled trace", shape: "switch", initial: true },
];
export const OWN: readonly Field[] = [
  { name: "name", label: "Name", shape: "text" },
  { name: "url", label: "Address", shape: "text" },
  { name: "enabled", label: "Enabled", shape: "switch", initial: true },
  { name: "conditions", label: "Conditions", shape: "list" },
  ...TIMING, ...NOTICE, ...PLACE,
];

export const kindOf = (type: string): Kind => KINDS.find((kind) => kind.type === type) ?? (KINDS[0] as Kind);
export const kindWord = (type: string): string => KINDS.find((kind) => kind.type === type)?.word ?? type;

/** The series that tell of a check's phases, as blackbox_exporter calls them; of kinds that are probed. */
export const phaseMetric = (type: string): string => `probe_${["http", "icmp", "dns"].includes(type) ? type : "phase"}_duration_seconds`;
export const isProbed = (type: string): boolean => kindOf(type).url !== null;
