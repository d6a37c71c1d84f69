"""What to scrape: jobs as people write them. Fields carry the names of Prometheus' configuration; durations are in ms."""

from msgspec import Struct

from sightline.domain.timerange import MINUTE, SECOND


class TargetGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """Addresses (host:port) and the labels that all of them get."""

    targets: tuple[str, ...]
    labels: dict[str, str] = {}


class RelabelRule(Struct, frozen=True, forbid_unknown_fields=True):
    """One step of relabelling, as Prometheus defines it."""

    source_labels: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = "(.*)"
    modulus: int = 0
    target_label: str = ""
    replacement: str = "$1"
    action: str = "replace"


class BasicAuth(Struct, frozen=True, forbid_unknown_fields=True):
    """Name and password; the file is read at every scrape, so that a password can be changed under way."""

    username: str
    password: str = ""
    password_file: str = ""


class Tls(Struct, frozen=True, forbid_unknown_fields=True):
    """How a target's certificate is judged, and ours shown."""

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False


class ScrapeJob(Struct, frozen=True, forbid_unknown_fields=True):
    """Targets that are scraped alike. interval, timeout: ms. A limit of 0 is none.

    body_size_limit: bytes of one answer, uncompressed. files: paths or globs of target files, read again when they change.
    """

    job: str
    interval: int = MINUTE
    timeout: int = 10 * SECOND
    metrics_path: str = "/metrics"
    scheme: str = "http"
    params: dict[str, tuple[str, ...]] = {}
    honor_labels: bool = False
    honor_timestamps: bool = True
    sample_limit: int = 0
    label_limit: int = 0
    body_size_limit: int = 64 << 20
    basic_auth: BasicAuth | None = None
    bearer_token: str = ""
    bearer_token_file: str = ""
    headers: dict[str, str] = {}
    tls: Tls = Tls()
    static: tuple[TargetGroup, ...] = ()
    files: tuple[str, ...] = ()
    relabel: tuple[RelabelRule, ...] = ()
    metric_relabel: tuple[RelabelRule, ...] = ()
