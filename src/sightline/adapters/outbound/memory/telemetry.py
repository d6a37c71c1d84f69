"""Our own metrics in plain dictionaries: for tests, and wherever no client library is wanted."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from threading import Lock

from typing_extensions import override

from sightline.ports.telemetry import Family, Instrument, Kind, Point, Telemetry


class _Histogram:
    """Observations by bucket, not yet cumulated, and their sum."""

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.sum = 0.0


class MemoryTelemetry(Telemetry):
    """Keeps every instrument under one lock."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: dict[Instrument, dict[tuple[str, ...], float]] = {}
        self._histograms: dict[Instrument, dict[tuple[str, ...], _Histogram]] = {}
        self._by_name: dict[str, Instrument] = {}

    @override
    def add(self, instrument: Instrument, amount: float = 1, labels: Sequence[str] = ()) -> None:
        if not amount >= 0:
            raise ValueError(f"counter {instrument.name} cannot be raised by {amount}")
        with self._lock:
            self._register(instrument, Kind.COUNTER, labels)
            numbers = self._numbers.setdefault(instrument, {})
            numbers[tuple(labels)] = numbers.get(tuple(labels), 0.0) + amount

    @override
    def set(self, instrument: Instrument, value: float, labels: Sequence[str] = ()) -> None:
        with self._lock:
            self._register(instrument, Kind.GAUGE, labels)
            self._numbers.setdefault(instrument, {})[tuple(labels)] = float(value)

    @override
    def observe(self, instrument: Instrument, value: float, labels: Sequence[str] = ()) -> None:
        with self._lock:
            self._register(instrument, Kind.HISTOGRAM, labels)
            histograms = self._histograms.setdefault(instrument, {})
            histogram = histograms.setdefault(tuple(labels), _Histogram(len(instrument.buckets)))
            histogram.counts[bisect_left(instrument.buckets, value)] += 1
            histogram.sum += value

    def _register(self, instrument: Instrument, kind: Kind, labels: Sequence[str]) -> None:
        if instrument.kind is not kind:
            raise ValueError(f"{instrument.name} is a {instrument.kind}, not a {kind}")
        if len(labels) != len(instrument.labels):
            raise ValueError(f"{instrument.name} has labels {instrument.labels}, not {tuple(labels)}")
        if self._by_name.setdefault(instrument.name, instrument) != instrument:
            raise ValueError(f"{instrument.name} is another instrument already")

    @override
    def families(self) -> list[Family]:
        with self._lock:
            return [Family(one, tuple(self._points(one))) for _, one in sorted(self._by_name.items())]

    def _points(self, instrument: Instrument) -> list[Point]:
        if instrument.kind is not Kind.HISTOGRAM:
            numbers = self._numbers[instrument].items()
            return [Point(instrument.name, _pairs(instrument, labels), value) for labels, value in numbers]
        return [
            point
            for labels, histogram in self._histograms[instrument].items()
            for point in _histogram_points(instrument, _pairs(instrument, labels), histogram)
        ]


def _pairs(instrument: Instrument, labels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(zip(instrument.labels, labels, strict=True))


def _histogram_points(instrument: Instrument, pairs: tuple[tuple[str, str], ...], histogram: _Histogram) -> list[Point]:
    bounds = [*(str(float(bound)) for bound in instrument.buckets), "+Inf"]
    counts = list(accumulate(histogram.counts))
    return [
        *(
            Point(f"{instrument.name}_bucket", (*pairs, ("le", bound)), float(count))
            for bound, count in zip(bounds, counts, strict=True)
        ),
        Point(f"{instrument.name}_sum", pairs, histogram.sum),
        Point(f"{instrument.name}_count", pairs, float(counts[-1])),
    ]
