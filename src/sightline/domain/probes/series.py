"""What results become as series, under the names of blackbox_exporter, so that rules and dashboards made for it just work.

Source: https://github.com/prometheus/blackbox_exporter.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.probes.alert import target_labels
from sightline.domain.probes.check import Check
from sightline.domain.probes.outcome import Phase
from sightline.domain.probes.result import Result

LOCATION: Final = "location"
_OWN_PHASES: Final = frozenset({"http", "icmp", "dns"})
"""Kinds whose phases blackbox_exporter has under their own names."""
_PHASE_NAMES: Final = {
    "icmp": {Phase.RESOLVE: "resolve", Phase.CONNECT: "setup", Phase.PROCESSING: "rtt"},
    "dns": {Phase.RESOLVE: "resolve", Phase.CONNECT: "connect", Phase.PROCESSING: "request"},
}
_VERSIONS: Final = {"1.0": 1.0, "1.1": 1.1, "2": 2.0, "3": 3.0}
_MS: Final = 1_000
_NUMBERS: Final = {
    "failed_due_to_regex": "probe_failed_due_to_regex",
    "ssl_last_chain_expiry": "probe_ssl_last_chain_expiry_timestamp_seconds",
}
"""What numbers are called that are not of their kind alone."""
_SECONDS: Final = frozenset(
    {"rtt_min", "rtt_avg", "rtt_max", "offset", "delay", "root_delay", "root_dispersion", "ttl"}
)
"""Numbers that are seconds, and say so as series."""
CONTENT_LENGTH: Final = "content_length"
"""The number that says how long an answer announces its body to be, bytes: -1 where it does not."""
_STEADY_NUMBERS: Final = frozenset({CONTENT_LENGTH})
"""Numbers that stay the same as a rule."""
STEADY: Final = 30_000
"""Ms after which a sample is stored that says the same as the one before, as most do of what is no duration."""

_Sample = tuple[str, str, float]
"""A metric's name, a phase or nothing, and a value."""


def _durations(kind: str, result: Result) -> Iterator[_Sample]:
    """What differs from probe to probe."""
    yield "probe_success", "", float(result.ok)
    yield "probe_duration_seconds", "", result.seconds
    if result.phases:
        name = f"probe_{kind if kind in _OWN_PHASES else 'phase'}_duration_seconds"
        names = _PHASE_NAMES.get(kind, {})
        for phase, seconds in result.phases:
            yield name, names.get(phase, phase.value), seconds
    if result.value is not None:
        yield "probe_value", "", result.value
    for name, value in result.numbers:
        if name in _STEADY_NUMBERS:
            continue
        yield _NUMBERS.get(name) or f"probe_{kind}_{name}{'_seconds' if name in _SECONDS else ''}", "", value


def _properties(kind: str, result: Result) -> Iterator[_Sample]:
    """What stays the same as a rule."""
    if kind == "http":
        yield "probe_http_status_code", "", float(result.status or 0)
        yield "probe_http_redirects", "", float(result.redirects)
        yield "probe_http_version", "", _VERSIONS.get(result.version, 0.0)
        yield "probe_http_content_length", "", dict(result.numbers).get(CONTENT_LENGTH, 0.0)
        yield "probe_http_uncompressed_body_length", "", float(result.size)
        yield "probe_http_ssl", "", float(result.certificate is not None)
    if result.certificate is not None:
        yield "probe_ssl_earliest_cert_expiry", "", result.certificate.expires_at / _MS
    if kind == "domain" and result.expires_at is not None:
        yield "probe_domain_expiry_timestamp_seconds", "", result.expires_at / _MS


@lru_cache(4096)
def _pair(first: str, second: str) -> tuple[str, str]:
    """One tuple for all series that have it."""
    return first, second


class CheckSeries:
    """The series of one check at one location; their label sets are made once.

    What stays the same is stored once in `STEADY` ms, and at once when it changes: of a check that is probed each second half of
    all samples would say nothing.
    """

    __slots__ = ("_known", "_said", "_said_at", "kind", "labels")

    def __init__(self, check: Check, location: str) -> None:
        # Its pairs are shared by all label sets: of thousands of checks they are most of the memory.
        self.labels = Labels.of({**target_labels(check), LOCATION: location})
        self._known: dict[tuple[str, str], Labels] = {}
        self._said: tuple[float, ...] = ()
        self._said_at = 0
        self.kind = check.definition.kind

    def samples(self, result: Result) -> Iterator[tuple[Labels, float]]:
        """The samples of one result."""
        for name, phase, value in _durations(self.kind, result):
            yield self._labels(name, phase), value
        properties = list(_properties(self.kind, result))
        said = tuple(value for _, _, value in properties)
        if said == self._said and 0 <= result.at - self._said_at < STEADY:
            return
        self._said, self._said_at = said, result.at
        for name, phase, value in properties:
            yield self._labels(name, phase), value

    def known(self) -> Iterable[Labels]:
        """All that were ever given."""
        return self._known.values()

    def _labels(self, name: str, phase: str) -> Labels:
        found = self._known.get((name, phase))
        if found is None:
            extra = (_pair("phase", phase),) if phase else ()
            labels = Labels(sorted((_pair(METRIC_NAME, name), *self.labels, *extra)))
            found = self._known[_pair(name, phase)] = labels
        return found


def batch_of(results: Sequence[tuple[CheckSeries, Result]]) -> WriteBatch:
    """The samples of many results, in columns. A series may come more than once, at different times."""
    rows: dict[int, int] = {}  # by identity: each label set is one object, and hashing them is most of the work
    names: list[Labels] = []
    series: list[int] = []
    values: list[float] = []
    counts: list[int] = []
    for its, result in results:
        before = len(values)
        for labels, value in its.samples(result):
            row = rows.setdefault(id(labels), len(names))
            if row == len(names):
                names.append(labels)
            series.append(row)
            values.append(value)
        counts.append(len(values) - before)
    times = np.repeat(np.array([result.at for _, result in results], np.int64), np.array(counts, np.int64))
    return WriteBatch(tuple(names), np.array(series, np.uint32), times, np.array(values, np.float64))


def ending(its: Sequence[CheckSeries], at: int) -> WriteBatch:
    """That series end, at `at` (ms)."""
    return WriteBatch.at(at, [(labels, float(STALE)) for one in its for labels in one.known()])
