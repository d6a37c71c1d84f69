"""Which series the points of OpenTelemetry belong to: worked out once for a metric with its attributes, then a look-up of bytes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import otlp_layout as layout
from sightline.adapters.wire.otlp_attributes import Attribute, Attributes, fields, labels, text
from sightline.adapters.wire.otlp_keys import keys
from sightline.adapters.wire.otlp_names import label_name, metric_name, unit_name
from sightline.adapters.wire.otlp_tables import Tables
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.points import Description
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.span_table import Spans, SpanTable

DEFAULT_BYTES: Final = 128 * 1024 * 1024
"""600,000 series with 200 bytes of attributes."""

TARGET_INFO: Final = "target_info"
_IDENTITY: Final = frozenset({"service.namespace", "service.name", "service.instance.id"})
_FEWEST: Final = 1024
_METRIC_BYTES: Final = 2_000
"""About what a metric takes in memory beside its points' bytes."""
_TYPES: Final = {
    layout.GAUGE: "gauge",
    layout.HISTOGRAM: "histogram",
    layout.EXPONENTIAL: "histogram",
    layout.SUMMARY: "summary",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """What is made of what surrounds a metric.

    promoted: resource attributes that become labels of every series. scope_labels: whether the instrumentation scope does.
    keep_identity: whether target_info repeats the attributes that become `job` and `instance`.
    """

    promoted: frozenset[str] = frozenset()
    scope_labels: bool = True
    keep_identity: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """Who is measured. before: labels that a point's attributes may join; identity: job and instance, which stand above them.

    info: the labels of target_info; None where there is nothing to tell.
    """

    number: int
    before: tuple[Attribute, ...]
    identity: Mapping[str, str]
    info: Labels | None


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Which library measures."""

    number: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric of one scope of one resource; name is empty where it can have none."""

    number: int
    kind: int
    name: str
    resource: Resource
    scope: Scope
    description: Description


@dataclass(slots=True, eq=False)
class _Known:
    """The series of points of one roster, by the bytes that they follow from.

    first, size: int64, where the numbers of an entry's series stand among `numbers`, and how many there are.
    """

    spans: SpanTable = field(default_factory=SpanTable)
    first: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_FEWEST, np.int64))
    size: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_FEWEST, np.int64))
    numbers: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(_FEWEST, np.uint32))
    used: int = 0

    @property
    def nbytes(self) -> int:
        return self.spans.nbytes + self.first.nbytes + self.size.nbytes + self.numbers.nbytes

    def learn(self, texts: Spans, sizes: NDArray[np.int64], numbers: NDArray[np.uint32]) -> None:
        """Know the series of texts that are new and distinct, each so many of the numbers."""
        before = len(self.spans)
        self.spans.put(texts)
        total = len(self.spans)
        if total > len(self.first):
            self.first = lengthened(self.first, 3 * total // 2)
            self.size = lengthened(self.size, 3 * total // 2)
        if self.used + len(numbers) > len(self.numbers):
            self.numbers = lengthened(self.numbers, 3 * (self.used + len(numbers)) // 2)
        self.size[before:total] = sizes
        self.first[before:total] = self.used + np.cumsum(sizes) - sizes
        self.numbers[self.used : self.used + len(numbers)] = numbers
        self.used += len(numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the numbers of the series of n points stand: numbers[first[i]:first[i] + size[i]]; first, size: int64 (n,)."""

    first: NDArray[np.int64]
    size: NDArray[np.int64]
    numbers: NDArray[np.uint32]


class PointSeries:
    """Remembers metrics and series within `max_bytes`; then it starts anew. Not thread-safe."""

    def __init__(self, naming: Naming, max_bytes: int = DEFAULT_BYTES) -> None:
        """Start without any."""
        self._naming = naming
        self._max_bytes = max_bytes
        self._attributes = Attributes()
        self._resources: dict[bytes, Resource] = {}
        self._scopes: dict[tuple[bytes, bytes], Scope] = {}
        self._metrics: dict[tuple[int, int, int, int, bytes, bytes, bytes], Metric] = {}
        self._tables: WeakKeyDictionary[Roster, _Known] = WeakKeyDictionary()
        self._numbered = 0

    def metrics(self, data: bytes, tables: Tables) -> tuple[list[Metric], list[Resource]]:
        """The metrics and the resources of a request, as its tables have them.

        Raises:
            MalformedBody: a name or an attribute is not readable.
        """
        if self._held() > self._max_bytes:
            self._forget()
        resources = [
            self._resource(data[start:end])
            for start, end in zip(*(tables.resources[row].tolist() for row in range(2)), strict=True)
        ]
        scopes = [
            (resources[owner], self._scope(data[start:end], data[url_start:url_end]))
            for owner, start, end, url_start, url_end in tables.scopes.T.tolist()
        ]
        found = []
        for row in tables.metrics.T.tolist():
            resource, scope = scopes[row[layout.OF_SCOPE]]
            name = data[row[layout.NAME_START] : row[layout.NAME_END]]
            unit = data[row[layout.UNIT_START] : row[layout.UNIT_END]]
            told = data[row[layout.HELP_START] : row[layout.HELP_END]]
            kind, monotonic = row[layout.KIND], row[layout.MONOTONIC]
            one = (resource.number, scope.number, kind, monotonic, name, unit, told)
            metric = self._metrics.get(one)
            if metric is None:
                metric = self._metrics[one] = self._metric(resource, scope, kind, monotonic, name, unit, told)
            found.append(metric)
        return found, resources

    def places(
        self, data: bytes, metrics: Sequence[Metric], tables: Tables, points: NDArray[np.int64], roster: Roster
    ) -> Places:
        """The series of points, columns of the scan's table, in the roster.

        Raises:
            MalformedBody: an attribute is not readable.
        """
        known = self._tables.get(roster)
        if known is None:
            known = self._tables[roster] = _Known()
        texts = _keys(data, metrics, tables.metrics, points)
        entries = known.spans.find(texts)
        absent = np.flatnonzero(entries == ABSENT)
        if len(absent):
            self._learn(known, data, metrics, points, texts, absent, roster)
            entries = known.spans.find(texts)
        return Places(known.first[entries], known.size[entries], known.numbers)

    def info(self, resource: Resource, roster: Roster) -> int | None:
        """The number of a resource's target_info."""
        return None if resource.info is None else int(roster.numbers((resource.info,))[0])

    def _held(self) -> int:
        return _METRIC_BYTES * (len(self._metrics) + len(self._resources)) + sum(
            known.nbytes for known in self._tables.values()
        )

    def _forget(self) -> None:
        self._tables.clear()
        self._resources.clear()
        self._scopes.clear()
        self._metrics.clear()

    def _next(self) -> int:
        self._numbered += 1
        return self._numbered

    def _resource(self, data: bytes) -> Resource:
        known = self._resources.get(data)
        if known is not None:
            return known
        attributes = self._attributes.read(data, 0, len(data), 1)
        by_key = {one.key: one.value for one in attributes}
        service, space = by_key.get("service.name", ""), by_key.get("service.namespace", "")
        identity = {
            name: value
            for name, value in (
                ("job", f"{space}/{service}" if space and service else service),
                ("instance", by_key.get("service.instance.id", "")),
            )
            if value
        }
        told = [one for one in attributes if self._naming.keep_identity or one.key not in _IDENTITY]
        info = Labels.of({**labels(told), **identity, METRIC_NAME: TARGET_INFO}) if told and identity else None
        before = tuple(one for one in attributes if one.key in self._naming.promoted)
        self._resources[data] = made = Resource(self._next(), before, identity, info)
        return made

    def _scope(self, data: bytes, url: bytes) -> Scope:
        known = self._scopes.get((data, url))
        if known is not None:
            return known
        found: dict[str, str] = {}
        if self._naming.scope_labels:
            for one in self._attributes.read(data, 0, len(data), 3):
                found[f"otel_scope_{label_name(one.key)}"] = one.value
            for number, _, start, end in fields(data, 0, len(data)):
                if number in {1, 2}:
                    found["otel_scope_name" if number == 1 else "otel_scope_version"] = text(data[start:end])
            found["otel_scope_schema_url"] = text(url)
        self._scopes[data, url] = made = Scope(self._next(), {name: value for name, value in found.items() if value})
        return made

    def _metric(
        self, resource: Resource, scope: Scope, kind: int, monotonic: int, name: bytes, unit: bytes, told: bytes
    ) -> Metric:
        is_counter = kind == layout.SUM and monotonic != 0
        in_words = text(unit)
        made = metric_name(text(name), in_words, is_monotonic=is_counter, is_gauge=kind == layout.GAUGE)
        type_ = "counter" if is_counter else _TYPES.get(kind, "gauge")
        return Metric(self._next(), kind, made, resource, scope, Description(type_, text(told), unit_name(in_words)))

    def _learn(
        self,
        known: _Known,
        data: bytes,
        metrics: Sequence[Metric],
        points: NDArray[np.int64],
        texts: Spans,
        absent: NDArray[np.intp],
        roster: Roster,
    ) -> None:
        """Name the series of the absent points."""
        fresh = dict(
            zip(texts.taken(absent).texts(), absent.tolist(), strict=True)
        )  # distinct, each with one of its points
        written: list[bytes] = []
        sizes = []
        for row in fresh.values():
            before = len(written)
            written += self._written(data, metrics[points[layout.OF_METRIC, row]], points[:, row].tolist())
            sizes.append(len(written) - before)
        known.learn(Spans.of(list(fresh)), np.array(sizes, np.int64), roster.numbers_of(Spans.of(written)))

    def _written(self, data: bytes, metric: Metric, point: list[int]) -> Iterable[bytes]:
        """The canonical bytes of a point's series."""
        field = 9 if metric.kind == layout.HISTOGRAM else 1 if metric.kind == layout.EXPONENTIAL else 7
        start, end = point[layout.ATTRIBUTES_START], point[layout.ATTRIBUTES_END]
        own = self._attributes.read(data, start, end, field)
        common = {
            **metric.scope.labels,
            **labels([*metric.resource.before, *own]),
            **metric.resource.identity,
            METRIC_NAME: metric.name,
        }
        for suffix, more in _parts(data, metric.kind, point):
            yield Labels.of({**common, **more, METRIC_NAME: metric.name + suffix}).canonical()


def _keys(data: bytes, metrics: Sequence[Metric], table: NDArray[np.int64], points: NDArray[np.int64]) -> Spans:
    """What the series of each point follow from, in bytes."""
    prefixes = np.array([one.number for one in metrics], np.int64)
    room = (
        8 * points.shape[1]
        + int((points[layout.SHAPE_END] - points[layout.SHAPE_START]).sum())
        + int((points[layout.ATTRIBUTES_END] - points[layout.ATTRIBUTES_START]).sum())
        + 8 * int(points[layout.SIZE].sum())
    )
    out, bounds = np.empty(room, np.uint8), np.empty(points.shape[1] + 1, np.int64)
    keys(data, prefixes, table, points, out, bounds)
    return Spans(out[: bounds[-1]].tobytes(), bounds[:-1], bounds[1:])


def _parts(data: bytes, kind: int, point: list[int]) -> list[tuple[str, dict[str, str]]]:
    """The suffix and the further labels of each series of a point, in the order in which its values are written."""
    if kind == layout.HISTOGRAM:
        start, size = point[layout.BOUNDS_START], point[layout.SIZE]
        bounds = np.frombuffer(data[start : start + 8 * size], np.float64).tolist()
        found = [("_bucket", {"le": plain(one)}) for one in [*bounds, np.inf]]
        return [*found, ("_count", {}), ("_sum", {})]
    if kind == layout.SUMMARY:
        found = [
            ("", {"quantile": plain(_quantile(data, start, end))})
            for number, _, start, end in fields(data, point[layout.SHAPE_START], point[layout.SHAPE_END])
            if number == 6
        ]
        return [*found, ("_count", {}), ("_sum", {})]
    return [("", {})]


def _quantile(data: bytes, start: int, end: int) -> float:
    found = 0.0
    for number, _, at, _ in fields(data, start, end):
        if number == 1:
            found = float(np.frombuffer(data[at : at + 8], np.float64)[0])
    return found


def plain(value: float) -> str:
    """A bound as a label has it: the shortest digits that tell it, never with an exponent; `+Inf`."""
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if np.isnan(value):
        return "NaN"
    return np.format_float_positional(value, unique=True, trim="-")
