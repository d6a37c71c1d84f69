"""Targets: what is scraped, under which labels, when, and how it is doing. The rules are Prometheus'."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.scrape.job import ScrapeJob, TargetGroup, complete_address
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.timerange import format_duration, parse_duration

DROPPED_KEPT: Final = 100
"""Dropped targets that a job keeps to show them; all are counted."""

_PARAM: Final = "__param_"
# What Go's QueryEscape leaves as it is; a space becomes a plus.
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")

TargetKey = tuple[str, Labels, str, int, int]
"""What makes a target that target: job, labels, URL, interval and timeout."""


class Health(StrEnum):
    """How a target is doing, in the words of the targets API."""

    UNKNOWN = "unknown"
    """Not scraped yet."""
    UP = "up"
    DOWN = "down"


class Outcome(StrEnum):
    """How one scrape ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


HEALTH: Final[Mapping[tuple[Health, Outcome], Health]] = {
    (Health.UNKNOWN, Outcome.SUCCEEDED): Health.UP,
    (Health.UNKNOWN, Outcome.FAILED): Health.DOWN,
    (Health.UP, Outcome.SUCCEEDED): Health.UP,
    (Health.UP, Outcome.FAILED): Health.DOWN,
    (Health.DOWN, Outcome.SUCCEEDED): Health.UP,
    (Health.DOWN, Outcome.FAILED): Health.DOWN,
}
"""One failed scrape is enough to be down, and one good one to be up."""


class ScrapeReason(StrEnum):
    """Why a scrape failed; the `reason` in an error's detail, beside the codes of the error tree."""

    DNS = "dns"
    REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "connection_broken"
    REDIRECTS = "redirects"
    STATUS = "http_status"
    PROTOCOL = "http_protocol"
    CREDENTIALS = "credentials_unreadable"
    SAMPLE_LIMIT = "sample_limit"
    LABEL_LIMIT = "label_limit"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is scraped.

    labels: what every series of it carries. discovered: what was known before relabelling, `__address__` and its like
    included. interval, timeout: ms.
    """

    job: ScrapeJob = field(repr=False)
    labels: Labels
    discovered: Labels = field(repr=False)
    url: str
    interval: int
    timeout: int

    @property
    def key(self) -> TargetKey:
        """Its identity: what was discovered of it may change without making it another target."""
        return self.job.job, self.labels, self.url, self.interval, self.timeout

    def phase(self) -> int:
        """Where in each interval of the wall clock it is scraped, ms: spread evenly, and the same after a restart."""
        text = b"\xff".join((self.job.job.encode(), self.labels.canonical(), self.url.encode()))
        return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little") % self.interval


@dataclass(frozen=True, slots=True)
class JobTargets:
    """What a job scrapes.

    active: distinct targets. dropped: the first `DROPPED_KEPT` label sets that relabelling dropped; dropped_count: all of them.
    problems: why an address cannot be scraped, one sentence each.
    """

    active: tuple[Target, ...]
    dropped: tuple[Labels, ...] = ()
    dropped_count: int = 0
    problems: tuple[str, ...] = ()


def targets_of(job: ScrapeJob, relabelling: Relabelling, groups: Sequence[TargetGroup]) -> JobTargets:
    """The targets of a job, from the groups that were written down or found in files.

    An address that cannot be scraped is a problem of its own and costs no other.
    """
    active: dict[TargetKey, Target] = {}
    dropped: list[Labels] = []
    problems: list[str] = []
    for discovered in _discovered(job, groups):
        relabelled = relabelling.apply(discovered)
        if relabelled is None:
            dropped.append(Labels.of(discovered))
            continue
        try:
            target = _target(job, discovered, relabelled)
        except BadData as error:
            problems.append(f"job {job.job!r}, target {discovered['__address__']!r}: {error.message}")
        else:
            active.setdefault(target.key, target)
    return JobTargets(tuple(active.values()), tuple(dropped[:DROPPED_KEPT]), len(dropped), tuple(problems))


def _discovered(job: ScrapeJob, groups: Sequence[TargetGroup]) -> Iterator[dict[str, str]]:
    """The labels of every address before relabelling: its own win over what the job says."""
    said = {
        "job": job.job,
        "__scrape_interval__": format_duration(job.interval),
        "__scrape_timeout__": format_duration(job.timeout),
        "__metrics_path__": job.metrics_path,
        "__scheme__": job.scheme,
        **{_PARAM + name: values[0] for name, values in job.params.items() if values},
    }
    for group in groups:
        own = {name: value for name, value in group.labels.items() if value}
        for address in group.targets:
            yield {**said, **own, "__address__": address}


def _target(job: ScrapeJob, discovered: Mapping[str, str], labels: Mapping[str, str]) -> Target:
    scheme = labels.get("__scheme__", "")
    if scheme not in {"http", "https"}:
        raise BadData(f"__scheme__ is http or https, not {scheme[:40]!r}")
    if not labels.get("__address__"):
        raise BadData("relabelling left it without __address__")
    address = complete_address(labels["__address__"], scheme)
    interval, timeout = _span(labels, "__scrape_interval__"), _span(labels, "__scrape_timeout__")
    if timeout > interval:
        raise BadData("__scrape_timeout__ is longer than __scrape_interval__")
    carried = {name: value for name, value in labels.items() if not name.startswith("__")}
    carried.setdefault("instance", address)
    url = f"{scheme}://{address}{_path(labels)}{_query(job, labels)}"
    return Target(job, Labels.of(carried), Labels.of(discovered), url, interval, timeout)


def _span(labels: Mapping[str, str], name: str) -> int:
    span = parse_duration(labels.get(name, ""))
    if not span:
        raise BadData(f"{name} is zero")
    return span


def _path(labels: Mapping[str, str]) -> str:
    path = labels.get("__metrics_path__", "")
    return path if path.startswith("/") or not path else f"/{path}"


def _query(job: ScrapeJob, labels: Mapping[str, str]) -> str:
    """The parameters of the job; a label `__param_<name>` replaces the first value of that name."""
    params = {name: list(values) for name, values in job.params.items() if values}
    for name, value in labels.items():
        if name.startswith(_PARAM):
            params.setdefault(name.removeprefix(_PARAM), [""])[0] = value
    pairs = [f"{_escaped(name)}={_escaped(value)}" for name in sorted(params) for value in params[name]]
    return f"?{'&'.join(pairs)}" if pairs else ""


def _escaped(text: str) -> str:
    return "".join(chr(byte) if byte in _PLAIN else "+" if byte == 0x20 else f"%{byte:02X}" for byte in text.encode())  # noqa: PLR2004 - a space
