"""Every setting: its key, type, bounds, default and meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_type_hints

from msgspec import Meta, Struct, field

from sightline.domain.metrics.exemplar_ring import DEFAULT_MOST as DEFAULT_EXEMPLARS
from sightline.domain.metrics.hot import DEFAULT_BYTES as DEFAULT_HOT_BYTES
from sightline.domain.metrics.index import DEFAULT_BYTES as DEFAULT_INDEX_BYTES
from sightline.domain.probes.ping import KEPT as KEPT_PINGS
from sightline.domain.probes.ping import MAX_BODY as PING_BODY
from sightline.domain.probes.result import HERE
from sightline.domain.promql.parse import DEFAULT_LIMITS as QUERY_TEXT
from sightline.domain.scrape.job import ScrapeJob
from sightline.domain.statsd.aggregates import BUCKETS
from sightline.settings.quantities import Duration, Fsync, Size

PREFIX: Final = "SIGHTLINE_"
"""What the names of settings begin with in the environment."""
LISTS: Final = frozenset({"scrape"})
"""Lists of tables, `[[scrape]]`, which stand in the file alone and are no keys."""


class Wal(Struct, frozen=True, forbid_unknown_fields=True):
    """The write-ahead log."""

    fsync: Annotated[
        Fsync,
        Meta(
            description="How long after a write the log is made durable against loss of power; `always`: before each acknowledgement."
        ),
    ] = Fsync("1s")
    segment_bytes: Annotated[Size, Meta(description="Size at which a log segment is closed and the next begun.")] = (
        Size(64 << 20)
    )
    max_bytes: Annotated[
        Size,
        Meta(
            description="Bound of the whole log; beyond it samples are refused with 429 until the store has caught up."
        ),
    ] = Size(1 << 30)


class Flush(Struct, frozen=True, forbid_unknown_fields=True):
    """From the log to the store."""

    rows: Annotated[int, Meta(ge=1000, le=4_000_000, description="Samples after which a range goes to the store.")] = (
        2_000_000
    )
    bytes: Annotated[Size, Meta(description="Bytes after which a range goes to the store.")] = Size(64 << 20)
    age: Annotated[
        Duration,
        Meta(
            description="Time after which a range goes to the store: the more samples a series has in it, the less each takes."
        ),
    ] = Duration(300_000)


class Hot(Struct, frozen=True, forbid_unknown_fields=True):
    """The newest samples in memory."""

    max_bytes: Annotated[
        Size, Meta(description="Memory for the newest samples, from which queries are answered without the store.")
    ] = Size(DEFAULT_HOT_BYTES)
    chunk_bytes: Annotated[
        Size,
        Meta(
            description="Memory for the chunks written last, from which what is a little older is read; 0 keeps none."
        ),
    ] = Size(64 << 20)


class Index(Struct, frozen=True, forbid_unknown_fields=True):
    """The names of all series in memory."""

    max_bytes: Annotated[
        Size,
        Meta(
            description="Memory for label sets and what finds them; a tenant that does not fit is looked up in the store."
        ),
    ] = Size(DEFAULT_INDEX_BYTES)


class Intake(Struct, frozen=True, forbid_unknown_fields=True):
    """What is taken in."""

    ahead: Annotated[Duration, Meta(description="How far a sample may lie in the future.")] = Duration(600_000)
    unflushed_samples: Annotated[
        int,
        Meta(
            ge=1,
            description="Acknowledged samples, and 100 times as many bytes, that may wait for the store in memory; beyond it samples are refused with 429.",
        ),
    ] = 10_000_000
    request_samples: Annotated[
        int, Meta(ge=1, description="Samples, series or exemplars that one request may bring.")
    ] = 1_000_000
    labels: Annotated[int, Meta(ge=1, description="Labels a series may have.")] = 128
    label_name_bytes: Annotated[int, Meta(ge=1, description="Bytes of a label name.")] = 1024
    label_value_bytes: Annotated[int, Meta(ge=1, description="Bytes of a label value.")] = 8192


class Push(Struct, frozen=True, forbid_unknown_fields=True):
    """What jobs push, as to a Pushgateway."""

    interval: Annotated[
        Duration, Meta(description="How often pushed groups are stored again, as a scrape of a Pushgateway would.")
    ] = Duration(15_000)
    max_groups: Annotated[int, Meta(ge=1, description="Pushed groups that a tenant may have.")] = 10_000
    max_group_samples: Annotated[int, Meta(ge=1, description="Samples that a pushed group may hold.")] = 10_000
    max_samples: Annotated[
        int, Meta(ge=1, description="Samples that all pushed groups of a tenant may hold together.")
    ] = 1_000_000


class Graphite(Struct, frozen=True, forbid_unknown_fields=True):
    """Graphite's plaintext protocol."""

    listen: Annotated[
        str,
        Meta(
            description="Address and port where Graphite's lines are taken, TCP and UDP, as `127.0.0.1:2003`; empty: none."
        ),
    ] = ""
    allow: Annotated[
        tuple[str, ...],
        Meta(description="Networks whose lines are taken, as `10.0.0.0/8`; none: everybody's who reaches the address."),
    ] = ()
    mappings: Annotated[
        tuple[str, ...],
        Meta(
            description='Names and labels for dotted paths, as `servers.*.cpu.* -> cpu{host="$1"}`; the first that fits.'
        ),
    ] = ()


class Statsd(Struct, frozen=True, forbid_unknown_fields=True):
    """StatsD."""

    listen: Annotated[
        str,
        Meta(
            description="Address and port where StatsD's lines are taken, TCP and UDP, as `127.0.0.1:8125`; empty: none."
        ),
    ] = ""
    allow: Annotated[
        tuple[str, ...],
        Meta(description="Networks whose lines are taken, as `10.0.0.0/8`; none: everybody's who reaches the address."),
    ] = ()
    mappings: Annotated[
        tuple[str, ...],
        Meta(
            description='Names and labels for dotted names, as `api.*.time -> api_seconds{route="$1"}`; the first that fits.'
        ),
    ] = ()
    flush_interval: Annotated[Duration, Meta(description="How often what clients sent is stored, summed up.")] = (
        Duration(10_000)
    )
    buckets: Annotated[
        tuple[float, ...], Meta(description="Upper bounds of the histograms that timers become, in ascending order.")
    ] = BUCKETS
    idle: Annotated[
        Duration, Meta(description="How long nothing may come for a series before it ends; a counter then begins anew.")
    ] = Duration(3_600_000)
    max_series: Annotated[
        int, Meta(ge=1, description="Series that are summed up; a timer is as many as its histogram has.")
    ] = 100_000


class Exemplars(Struct, frozen=True, forbid_unknown_fields=True):
    """Exemplars in memory."""

    max: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="Exemplars that are kept in memory, of all series together, the newest; 0 keeps none.",
        ),
    ] = DEFAULT_EXEMPLARS


class Disk(Struct, frozen=True, forbid_unknown_fields=True):
    """Room on the disk."""

    min_free: Annotated[
        Size,
        Meta(
            description="Room that is kept free on the disk: below it samples are refused with 503. 0 turns the watermark off."
        ),
    ] = Size(512 << 20)


class Query(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of queries."""

    lookback: Annotated[
        Duration, Meta(description="How old the newest sample of a series may be to count as its present value.")
    ] = Duration(300_000)
    max_points: Annotated[int, Meta(ge=1, description="Points a series may have in a range query.")] = 11_000
    max_samples: Annotated[
        int,
        Meta(
            ge=1,
            description="Samples one query may hold at once. Series are read some at a time where all do not fit and the query"
            " allows it.",
        ),
    ] = 50_000_000
    timeout: Annotated[Duration, Meta(description="How long a query may run.")] = Duration(120_000)
    concurrency: Annotated[
        int,
        Meta(
            ge=1,
            description="Queries that run at once, large ones apart; further ones wait. One tenant has three quarters of the places at most.",
        ),
    ] = 20
    queue: Annotated[
        int, Meta(ge=0, description="Queries of a tenant that may wait for their turn; further ones are refused.")
    ] = 200
    max_length: Annotated[int, Meta(ge=1, description="Characters of a query.")] = QUERY_TEXT.length
    max_depth: Annotated[int, Meta(ge=1, description="Nesting of a query.")] = QUERY_TEXT.depth
    memory: Annotated[
        Size,
        Meta(
            description="Memory that one query may hold: in the store, again in samples and values, and again in labels that functions make."
        ),
    ] = Size(1 << 30)
    log_slower_than: Annotated[
        Duration, Meta(description="How long a query may take before it is logged as slow; 0s logs none.")
    ] = Duration(5_000)
    cache_bytes: Annotated[
        Size, Meta(description="Memory for answers of range queries that are asked again; 0 keeps none.")
    ] = Size(64 << 20)


class Search(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of questions about labels and series."""

    max_results: Annotated[
        int, Meta(ge=1, description="Series, label names or label values that one answer holds at most.")
    ] = 100_000


class Read(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of remote reads."""

    max_samples: Annotated[
        int,
        Meta(
            ge=1,
            description="Samples that a remote read may answer with in one message; what is streamed in chunks is not bounded.",
        ),
    ] = 50_000_000
    max_queries: Annotated[int, Meta(ge=1, description="Queries that one remote read may hold.")] = 100


class Http(Struct, frozen=True, forbid_unknown_fields=True):
    """The HTTP door."""

    token_file: Annotated[
        Path | None,
        Meta(description="File with the token that clients must send; needed when listening beyond loopback."),
    ] = None
    insecure: Annotated[
        bool, Meta(description="Listen beyond loopback without a token, in a network that is trusted entirely.")
    ] = False
    admin: Annotated[
        bool,
        Meta(
            description="Whether series may be deleted and snapshots made, `/api/v1/admin/tsdb`, and pushed groups wiped, `/api/v1/admin/wipe`."
        ),
    ] = False
    allowed_hosts: Annotated[
        tuple[str, ...], Meta(description="Further host names under which the program is reached, as behind a proxy.")
    ] = ()
    allowed_origins: Annotated[
        tuple[str, ...], Meta(description="Web origins besides our own whose pages may call the API.")
    ] = ()
    max_body_bytes: Annotated[Size, Meta(description="Largest request body as sent.")] = Size(32 << 20)
    max_decompressed_bytes: Annotated[Size, Meta(description="Largest request body once decompressed.")] = Size(
        64 << 20
    )
    max_form_bytes: Annotated[Size, Meta(description="Largest form of a query, as sent and once decompressed.")] = Size(
        4 << 20
    )
    max_inflight_bytes: Annotated[
        Size,
        Meta(
            description="Bodies that may be read and decoded at once; beyond it 429, and 413 for a body that is longer alone."
        ),
    ] = Size(256 << 20)
    max_websockets: Annotated[int, Meta(ge=1, description="Live connections at once.")] = 1000
    read_timeout: Annotated[Duration, Meta(description="How long a client may take to send a request body.")] = (
        Duration(30_000)
    )
    lifecycle: Annotated[
        bool,
        Meta(description="Whether `POST /-/reload` and `POST /-/quit` are done; whoever may call may then stop it."),
    ] = False
    external_url: Annotated[
        str, Meta(description="Where people reach the web UI, for links in notices: `https://sightline.example.org`.")
    ] = ""


class Prometheus(Struct, frozen=True, forbid_unknown_fields=True):
    """Where clients of Prometheus look for one."""

    listen: Annotated[
        str,
        Meta(description="A further address and port of the HTTP door, as `127.0.0.1:9090`; empty: none."),
    ] = ""


class Otlp(Struct, frozen=True, forbid_unknown_fields=True):
    """OpenTelemetry's exporters."""

    http_listen: Annotated[
        str,
        Meta(description="A further address and port of the HTTP door, where exporters look for it; empty: none."),
    ] = "127.0.0.1:4318"
    grpc_listen: Annotated[
        str, Meta(description="Address and port at which exporters are served by gRPC; empty: none.")
    ] = "127.0.0.1:4317"
    promote_resource_attributes: Annotated[
        tuple[str, ...],
        Meta(
            description="Resource attributes that become labels of every series, as `deployment.environment.name`; all are on `target_info`."
        ),
    ] = ()
    keep_identifying_resource_attributes: Annotated[
        bool,
        Meta(
            description="Whether `target_info` repeats `service.namespace`, `service.name` and `service.instance.id`, of which `job` and `instance` are made."
        ),
    ] = False
    scope_labels: Annotated[
        bool,
        Meta(
            description="Whether series have the instrumentation scope as labels `otel_scope_name`, `otel_scope_version` and so on."
        ),
    ] = True
    max_delta_series: Annotated[
        int, Meta(ge=1, description="Series with delta temporality that are added up at once, all tenants together.")
    ] = 1_000_000


class Host(Struct, frozen=True, forbid_unknown_fields=True):
    """The machine that Sightline runs on."""

    enabled: Annotated[bool, Meta(description="Whether this machine is observed.")] = True
    interval: Annotated[Duration, Meta(description="How often this machine is observed.")] = Duration(5_000)
    instance: Annotated[str, Meta(description="The `instance` label of this machine; empty: its host name.")] = ""


class Containers(Struct, frozen=True, forbid_unknown_fields=True):
    """The containers of a Docker Engine or of Podman."""

    enabled: Annotated[bool, Meta(description="Whether containers are observed, where there is an engine.")] = True
    host: Annotated[
        str,
        Meta(
            description="Address of the container engine, as in `DOCKER_HOST`; empty: Docker's or Podman's usual socket, if there is one."
        ),
    ] = ""
    tls_folder: Annotated[
        Path | None,
        Meta(description="Folder with ca.pem, cert.pem and key.pem for an engine over TLS, as in `DOCKER_CERT_PATH`."),
    ] = None
    interval: Annotated[Duration, Meta(description="How often containers are read.")] = Duration(5_000)
    instance: Annotated[
        str, Meta(description="The `instance` label of the engine's machine; empty: that of this machine.")
    ] = ""
    labels: Annotated[
        tuple[str, ...],
        Meta(description="Docker labels that become labels `container_label_...` of a container's series."),
    ] = ("com.docker.compose.project", "com.docker.compose.service")
    max_containers: Annotated[
        int, Meta(ge=1, description="Containers that are observed at most, running ones first.")
    ] = 500
    cpu_thresholds: Annotated[
        tuple[str, ...],
        Meta(
            description="Percentage of CPU for containers by name, as `web-*=50` or `batch=off`, before their own label."
        ),
    ] = ()
    memory_thresholds: Annotated[
        tuple[str, ...], Meta(description="Percentage of memory for containers by name, likewise.")
    ] = ()


class Own(Struct, frozen=True, forbid_unknown_fields=True):
    """Sightline's own metrics."""

    interval: Annotated[Duration, Meta(description="How often Sightline's own metrics are stored.")] = Duration(15_000)


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    """The built-in alerts."""

    cpu_threshold: Annotated[
        float, Meta(gt=0, le=100, description="Percentage of CPU above which a machine's alert is critical.")
    ] = 90.0
    memory_threshold: Annotated[
        float, Meta(gt=0, le=100, description="Percentage of memory above which a machine's alert is raised.")
    ] = 85.0
    disk_threshold: Annotated[
        float, Meta(gt=0, le=100, description="Percentage of a file system above which a machine's alert is raised.")
    ] = 90.0
    cpu_thresholds: Annotated[
        tuple[str, ...],
        Meta(description="Percentage of CPU for machines by `instance`, as `web-*=50` or `batch:9100=off`."),
    ] = ()
    memory_thresholds: Annotated[
        tuple[str, ...], Meta(description="Percentage of memory for machines by `instance`, likewise.")
    ] = ()
    disk_thresholds: Annotated[
        tuple[str, ...], Meta(description="Percentage of file systems for machines by `instance`, likewise.")
    ] = ()
    interval: Annotated[Duration, Meta(description="How often alert rules are evaluated.")] = Duration(5_000)
    cooldown: Annotated[Duration, Meta(description="After a notice about an alert, how long it is not told again.")] = (
        Duration(300_000)
    )
    config_file: Annotated[
        Path | None,
        Meta(
            description="Alertmanager's configuration file: routes, receivers, inhibition, time intervals. Without one the console,"
            " and the channels that other settings name, are told of every alert."
        ),
    ] = None
    group_by: Annotated[
        tuple[str, ...],
        Meta(description="Labels by which alerts are told together, without a file; `...`: each by itself."),
    ] = ("...",)
    group_wait: Annotated[
        Duration, Meta(description="How long a new group waits for further alerts, without a file.")
    ] = Duration(0)
    group_interval: Annotated[
        Duration, Meta(description="The least time between two notices about a group, without a file.")
    ] = Duration(1_000)
    repeat_interval: Annotated[
        Duration, Meta(description="After how long a group that still fires is told again, without a file.")
    ] = Duration(14_400_000)
    when_muted: Annotated[
        tuple[str, ...],
        Meta(
            description="What channels hear at once of an alert that they were told of and that is silenced, inhibited or muted since:"
            " `hold` (nothing), `acknowledge` or `resolve`; `team-a=resolve` is for one receiver. Of its end they hear in any case."
        ),
    ] = ("hold",)
    fallback: Annotated[
        str, Meta(description="Receiver that is told when another one's channel cannot be reached; empty: none.")
    ] = ""
    notices_per_minute: Annotated[
        int, Meta(ge=1, description="Notices that one channel is handed in a minute; the others wait.")
    ] = 600
    max_outside: Annotated[
        int, Meta(ge=1, description="Alerts that other programs may have here at once, for each tenant.")
    ] = 100_000
    max_retry_after: Annotated[
        Duration, Meta(description="The longest wait that a service which takes notices may ask for (`Retry-After`).")
    ] = Duration(3_600_000)
    allow_metadata_addresses: Annotated[
        bool,
        Meta(
            description="Whether channels may connect to link-local addresses, as 169.254.169.254, where clouds hand out credentials."
        ),
    ] = False
    max_silences: Annotated[int, Meta(ge=1, description="Silences of a tenant that have not expired.")] = 10_000
    request_alerts: Annotated[int, Meta(ge=1, description="Alerts that one request may bring.")] = 10_000
    max_alert_bytes: Annotated[
        Size, Meta(description="Bytes that the labels and annotations of a posted alert may have.")
    ] = Size(64 << 10)
    webhook_timeout: Annotated[
        Duration,
        Meta(
            description="For how long an alert from a webhook fires of which nothing more is said; senders repeat rarely."
        ),
    ] = Duration(7 * 86_400_000)
    webhooks_file: Annotated[
        Path | None,
        Meta(
            description="YAML file that says where alerts stand in the JSON of other programs, for `/api/v1/webhooks/generic/<name>`."
        ),
    ] = None
    sns_topics: Annotated[
        tuple[str, ...],
        Meta(description="Topics of Amazon's SNS (ARN) whose alarms are taken; none: those of any topic."),
    ] = ()


class Servers(Struct, frozen=True, forbid_unknown_fields=True):
    """Servers that report over REST."""

    max: Annotated[int, Meta(ge=1, description="Servers that a tenant may register.")] = 10_000


class Checks(Struct, frozen=True, forbid_unknown_fields=True):
    """Checks of what is reached from here."""

    location: Annotated[str, Meta(description="What the place of this program is called beside others that probe.")] = (
        HERE
    )
    max: Annotated[int, Meta(ge=1, description="Checks that a tenant may have.")] = 20_000
    max_concurrent: Annotated[int, Meta(ge=1, description="Probes that may be under way at once.")] = 2_000
    allow_addresses: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks that may be probed although they are link-local or hold a cloud's metadata, as 169.254.10.0/24."
        ),
    ] = ()
    deny_addresses: Annotated[tuple[str, ...], Meta(description="Further networks that are never probed.")] = ()
    references: Annotated[
        tuple[str, ...],
        Meta(
            description="What is practically always reached, as `1.1.1.1:443`; where all of these fail, a location is cut off, and what fails there does not count."
        ),
    ] = ()
    public_badges: Annotated[
        bool,
        Meta(
            description="Whether everybody may see badges of all checks, and not only of those on public status pages."
        ),
    ] = False
    retention: Annotated[Duration, Meta(description="How long results of single probes are kept.")] = Duration(
        365 * 86_400_000
    )


class Pings(Struct, frozen=True, forbid_unknown_fields=True):
    """Pings of heartbeats."""

    max_body_bytes: Annotated[Size, Meta(description="Largest body of a ping; a longer one is refused.")] = Size(
        1 << 20
    )
    kept_body_bytes: Annotated[Size, Meta(description="What is kept of a ping's body; the rest is cut off.")] = Size(
        PING_BODY
    )
    kept: Annotated[int, Meta(ge=1, le=1_000, description="Pings of each heartbeat that are kept, the newest.")] = (
        KEPT_PINGS
    )
    max_waiting: Annotated[
        int, Meta(ge=1, description="Pings that may wait at once to be stored; more are to come again a moment later.")
    ] = 20_000
    max_keys: Annotated[int, Meta(ge=1, description="Ping keys that a tenant may have.")] = 100


class StatusPages(Struct, frozen=True, forbid_unknown_fields=True):
    """Pages for everybody that say how checks stand."""

    webhook_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks within which webhooks of subscribers may be, as 10.1.0.0/16; others than those of the internet may not."
        ),
    ] = ()


class Dashboards(Struct, frozen=True, forbid_unknown_fields=True):
    """Dashboards that stand in files."""

    files: Annotated[
        tuple[str, ...],
        Meta(description="YAML or JSON files with dashboards, or patterns of such, as `dashboards/*.yaml`."),
    ] = ()


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """Rules that stand in files."""

    files: Annotated[
        tuple[str, ...],
        Meta(description="Rule files in Prometheus' format, or patterns of such, as `rules/*.yml`."),
    ] = ()
    interval: Annotated[
        Duration, Meta(description="How often the rules of a group are evaluated that does not say its `interval`.")
    ] = Duration(60_000)
    query_offset: Annotated[
        Duration,
        Meta(description="How far in the past rules of a group are evaluated that does not say its `query_offset`."),
    ] = Duration(0)
    concurrency: Annotated[int, Meta(ge=1, description="Groups of rules that are evaluated at once.")] = 4
    no_data: Annotated[
        Literal["ok", "keep", "alert", "unknown"],
        Meta(description="What it means for an alerting rule of a file that its selectors match no series."),
    ] = "ok"
    query_failed: Annotated[
        Literal["ok", "keep", "alert", "unknown"],
        Meta(description="What it means for an alerting rule of a file that its query fails."),
    ] = "keep"
    for_outage_tolerance: Annotated[
        Duration,
        Meta(
            description="The longest outage of the program after which pending and firing alerts go on; `0s`: all begin anew."
        ),
    ] = Duration(3_600_000)
    for_grace_period: Annotated[
        Duration,
        Meta(
            description="How long at least an alert that was pending before an outage waits after it; alerts of a shorter `for`"
            " begin anew."
        ),
    ] = Duration(600_000)
    radar_interval: Annotated[
        Duration, Meta(description="How often rules that watch nothing are looked for; `0s`: only when somebody asks.")
    ] = Duration(86_400_000)
    radar_window: Annotated[
        Duration, Meta(description="The time in which a rule that never fired, always fired or flaps is looked for.")
    ] = Duration(7 * 86_400_000)
    radar_timeout: Annotated[
        Duration,
        Meta(description="How long looking at all rules may take; rules that are left are looked at the next time."),
    ] = Duration(30_000)


class Backtest(Struct, frozen=True, forbid_unknown_fields=True):
    """Alert rules replayed over stored samples."""

    max_instants: Annotated[int, Meta(ge=1, description="Evaluations that one backtest of an alert rule may have.")] = (
        1_000_000
    )
    max_alerts: Annotated[int, Meta(ge=1, description="Distinct alerts that a rule may have over one backtest.")] = (
        10_000
    )
    max_listed: Annotated[
        int,
        Meta(
            ge=1,
            description="Notifications, times of alerts and alerts held back that the answer to a backtest lists, each; all are counted.",
        ),
    ] = 10_000
    concurrency: Annotated[int, Meta(ge=1, description="Backtests that run at once; further ones are refused.")] = 2


class Reports(Struct, frozen=True, forbid_unknown_fields=True):
    """Reports about a day or a week, by mail."""

    every: Annotated[
        Literal["off", "daily", "weekly"],
        Meta(description="How often a report is mailed: which alerts fired, who was told, how checks did."),
    ] = "off"
    at: Annotated[
        str,
        Meta(
            description="When, as `08:00 Europe/Berlin`; weekly also with a day, as `Mon 08:00 Europe/Berlin`. UTC without a zone."
        ),
    ] = "08:00"
    to: Annotated[
        tuple[str, ...], Meta(description="Addresses that reports are mailed to, by the server that `smtp.host` names.")
    ] = ()


class Traces(Struct, frozen=True, forbid_unknown_fields=True):
    """Spans of traces, those of probes among them."""

    retention: Annotated[Duration, Meta(description="How long spans are kept.")] = Duration(14 * 86_400_000)
    link: Annotated[
        str,
        Meta(
            description="Where another program shows a trace, as `https://jaeger.example.org/trace/{trace_id}`; empty: nowhere."
        ),
    ] = ""


class Webhook(Struct, frozen=True, forbid_unknown_fields=True):
    """Notices as HTTP POSTs, in the shape of Alertmanager's webhook."""

    url: Annotated[str, Meta(description="Where notices about alerts are posted; empty: nowhere.")] = ""
    timeout: Annotated[Duration, Meta(description="How long the receiver may take for one.")] = Duration(10_000)
    token_file: Annotated[
        Path | None, Meta(description="File with the token that is sent along, as `Authorization: Bearer`.")
    ] = None
    headers: Annotated[tuple[str, ...], Meta(description="Further headers, each as `Name: value`.")] = ()


class Slack(Struct, frozen=True, forbid_unknown_fields=True):
    """Notices to a channel of Slack."""

    webhook_url: Annotated[
        str, Meta(description="Incoming webhook of Slack that notices about alerts are posted to; empty: none.")
    ] = ""


class Discord(Struct, frozen=True, forbid_unknown_fields=True):
    """Notices to a channel of Discord."""

    webhook_url: Annotated[
        str, Meta(description="Webhook of a channel of Discord that notices about alerts are posted to; empty: none.")
    ] = ""


class Smtp(Struct, frozen=True, forbid_unknown_fields=True):
    """Notices as mail."""

    host: Annotated[str, Meta(description="Server of mail that notices about alerts are handed to; empty: none.")] = ""
    port: Annotated[
        int,
        Meta(
            ge=1,
            le=65_535,
            description="Its port; at 465 the connection begins with TLS, at others STARTTLS is asked for.",
        ),
    ] = 587
    from_: Annotated[str, Meta(description="Address that mail is from; empty: `smtp.username`.")] = field(
        default="", name="from"
    )
    to: Annotated[tuple[str, ...], Meta(description="Addresses that mail is sent to; none: nobody.")] = ()
    username: Annotated[str, Meta(description="Who we say we are to the server; empty: nobody.")] = ""
    password_file: Annotated[Path | None, Meta(description="File with the password; read at every notice.")] = None
    password: Annotated[str, Meta(description="The password itself; better in a file.")] = ""
    ca_file: Annotated[
        Path | None,
        Meta(description="Certificate of the authority that the server's is from; empty: those this machine trusts."),
    ] = None
    require_tls: Annotated[bool, Meta(description="Whether nothing is sent to a server that does not offer TLS.")] = (
        True
    )
    timeout: Annotated[Duration, Meta(description="How long handing over one notice may take.")] = Duration(30_000)


class Ntfy(Struct, frozen=True, forbid_unknown_fields=True):
    """Notices to a topic of ntfy."""

    url: Annotated[str, Meta(description="Server of ntfy.")] = "https://ntfy.sh"
    topic: Annotated[str, Meta(description="Topic that notices about alerts are published to; empty: none.")] = ""
    token_file: Annotated[
        Path | None, Meta(description="File with the token of ntfy, where the topic is protected.")
    ] = None
    timeout: Annotated[Duration, Meta(description="How long the server may take for one notice.")] = Duration(10_000)


class Apprise(Struct, frozen=True, forbid_unknown_fields=True):
    """Notices by Apprise, an extra: `pip install 'sightline[apprise]'`."""

    urls: Annotated[
        tuple[str, ...], Meta(description="Addresses of Apprise that notices about alerts are sent to; none: nowhere.")
    ] = ()
    timeout: Annotated[Duration, Meta(description="How long each service may take for one notice.")] = Duration(30_000)


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    """The program's own log."""

    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level that is written.")] = (
        "info"
    )
    format: Annotated[
        Literal["auto", "console", "json"], Meta(description="`auto`: readable on a terminal, JSON otherwise.")
    ] = "auto"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings, read once at start."""

    data: Annotated[Path, Meta(description="Folder that holds all data.")] = Path("sightline-data")
    listen: Annotated[str, Meta(description="Address and port of the HTTP door; port 0 takes a free one.")] = (
        "127.0.0.1:8080"
    )
    retention: Annotated[Duration, Meta(description="How long samples are kept.")] = Duration(15 * 86_400_000)
    wal: Wal = field(default_factory=Wal)
    flush: Flush = field(default_factory=Flush)
    hot: Hot = field(default_factory=Hot)
    index: Index = field(default_factory=Index)
    intake: Intake = field(default_factory=Intake)
    push: Push = field(default_factory=Push)
    graphite: Graphite = field(default_factory=Graphite)
    statsd: Statsd = field(default_factory=Statsd)
    exemplars: Exemplars = field(default_factory=Exemplars)
    disk: Disk = field(default_factory=Disk)
    query: Query = field(default_factory=Query)
    search: Search = field(default_factory=Search)
    read: Read = field(default_factory=Read)
    http: Http = field(default_factory=Http)
    prometheus: Prometheus = field(default_factory=Prometheus)
    otlp: Otlp = field(default_factory=Otlp)
    host: Host = field(default_factory=Host)
    containers: Containers = field(default_factory=Containers)
    own: Own = field(default_factory=Own)
    alerts: Alerts = field(default_factory=Alerts)
    servers: Servers = field(default_factory=Servers)
    checks: Checks = field(default_factory=Checks)
    pings: Pings = field(default_factory=Pings)
    status_pages: StatusPages = field(default_factory=StatusPages)
    dashboards: Dashboards = field(default_factory=Dashboards)
    rules: Rules = field(default_factory=Rules)
    backtest: Backtest = field(default_factory=Backtest)
    reports: Reports = field(default_factory=Reports)
    traces: Traces = field(default_factory=Traces)
    webhook: Webhook = field(default_factory=Webhook)
    slack: Slack = field(default_factory=Slack)
    discord: Discord = field(default_factory=Discord)
    smtp: Smtp = field(default_factory=Smtp)
    ntfy: Ntfy = field(default_factory=Ntfy)
    apprise: Apprise = field(default_factory=Apprise)
    log: Log = field(default_factory=Log)
    scrape: tuple[ScrapeJob, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """One setting: its dotted key, type, default as text, and description."""

    name: str
    type: Any
    default: str
    description: str

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper().replace(".", "_")


def keys(settings: Settings | None = None) -> Iterator[Key]:
    """Every setting, in the order of the classes; with what these settings say for a default, where some are given."""
    yield from _keys(settings or Settings(), "")


def attribute(part: str) -> str:
    """The attribute of a part of a key: what is a word of Python's own, as `from`, has an underscore behind it."""
    return f"{part}_" if iskeyword(part) else part


def _keys(struct: Struct, prefix: str) -> Iterator[Key]:
    hints = get_type_hints(type(struct), include_extras=True)
    for name in struct.__struct_fields__:
        if name in LISTS:
            continue
        value, hint = getattr(struct, name), hints[name]
        if isinstance(value, Struct):
            yield from _keys(value, f"{prefix}{name}.")
            continue
        type_, meta = get_args(hint)[0], get_args(hint)[1]
        yield Key(prefix + name.rstrip("_"), type_, _text(value), meta.description or "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(one if isinstance(one, str) else f"{one:g}" for one in value)
    return "" if value is None else str(value)
