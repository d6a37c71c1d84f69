"""What to scrape: jobs as people write them. Fields carry the names of Prometheus' configuration; durations are in ms.

What is secret is left out of every `repr`, so that it cannot come into a log or a message by way of one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct
from typing_extensions import override

from sightline.domain.errors import BadData
from sightline.domain.timerange import MINUTE, SECOND

PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
"""Each scheme with the port of an address that has none."""
FILE_LABEL: Final = "__meta_filepath"
"""The label by which relabelling knows the file that a target came from."""

PROTOBUF: Final = "PrometheusProto"
PROTOCOLS: Final[Mapping[str, str]] = {
    PROTOBUF: "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
    "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
    "PrometheusText1.0.0": "text/plain;version=1.0.0;escaping=allow-utf-8",
    "PrometheusText0.0.4": "text/plain;version=0.0.4",
}
"""The formats of pages by Prometheus' names, each with its media type; best first."""

_SECRET: Final = frozenset({"password", "bearer_token", "headers"})
"""Fields whose values are never shown."""
_LARGEST_PORT: Final = 65535
_ADDRESS: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[^\s/:@?#\[\]]+)(?::([0-9]{1,5}))?")


def complete_address(address: str, scheme: str) -> str:
    """An address as host:port, with the port of the scheme, one of `PORTS`, where it has none.

    Raises:
        BadData: not a host, or not a port; the message says what it should look like.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not 0 < int(match[1] or 1) <= _LARGEST_PORT:
        # What stands before an @ may be a password.
        shown = f"...@{address.rpartition('@')[2]}" if "@" in address else address
        raise BadData(f"{shown!r} is not an address: write host:port without scheme and path, such as 127.0.0.1:9100")
    return address if match[1] else f"{address}:{PORTS[scheme]}"


class _Discreet(Struct, frozen=True):
    """A struct that does not show what is secret."""

    @override
    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Its fields; of a secret one only whether it is set."""
        values = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return [(name, _hidden(value) if name in _SECRET else value) for name, value in values]

    @override
    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(value, "<secret>")
    return "<secret>" if value else value


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


class BasicAuth(_Discreet, frozen=True, forbid_unknown_fields=True):
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


class ScrapeJob(_Discreet, frozen=True, forbid_unknown_fields=True):
    """Targets that are scraped alike. interval, timeout: ms. A limit of 0 is none.

    body_size_limit: bytes of one answer, uncompressed. scrape_protocols: of PROTOCOLS, those that are asked for, best first; none
    are all, but protobuf only for native histograms, of which nothing else tells. always_scrape_classic_histograms: a histogram
    that is native is stored with its classic buckets too. files: paths or globs of target files, read again when they change.
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
    scrape_protocols: tuple[str, ...] = ()
    scrape_native_histograms: bool = False
    always_scrape_classic_histograms: bool = False
    basic_auth: BasicAuth | None = None
    bearer_token: str = ""
    bearer_token_file: str = ""
    headers: dict[str, str] = {}
    tls: Tls = Tls()
    static: tuple[TargetGroup, ...] = ()
    files: tuple[str, ...] = ()
    relabel: tuple[RelabelRule, ...] = ()
    metric_relabel: tuple[RelabelRule, ...] = ()

    @property
    def protocols(self) -> tuple[str, ...]:
        """The formats to ask for, best first."""
        return self.scrape_protocols or tuple(
            name for name in PROTOCOLS if name != PROTOBUF or self.scrape_native_histograms
        )


@dataclass(frozen=True, slots=True)
class TargetsRead:
    """What the target files of a job hold now.

    groups: the same tuple as at the reading before while nothing has changed. problems: `path: what is wrong with it`.
    """

    groups: tuple[TargetGroup, ...] = ()
    problems: tuple[str, ...] = ()
