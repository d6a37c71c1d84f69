"""Our own metrics by the Prometheus client library, with what it knows of the process and of Python."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
)
from typing_extensions import override

from sightline.ports.telemetry import Family, Instrument, Kind, Point, Telemetry

# What the library makes of each kind. Its own registry is never the global one, so that several programs live in one process.
_MAKE: Final[dict[Kind, Callable[[Instrument, CollectorRegistry], Any]]] = {
    Kind.COUNTER: lambda one, registry: Counter(one.name, one.help, one.labels, registry=registry),
    Kind.GAUGE: lambda one, registry: Gauge(one.name, one.help, one.labels, registry=registry),
    Kind.HISTOGRAM: lambda one, registry: Histogram(
        one.name, one.help, one.labels, registry=registry, buckets=one.buckets
    ),
}


class PrometheusTelemetry(Telemetry):
    """Keeps instruments in a registry of its own, beside `process_*` (on Linux) and `python_*`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._registry = CollectorRegistry()
        self._known: dict[str, tuple[Instrument, Any]] = {}
        self._children: dict[tuple[str, ...], tuple[Instrument, Any]] = {}
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    @override
    def add(self, instrument: Instrument, amount: float = 1, labels: Sequence[str] = ()) -> None:
        if not amount >= 0:
            raise ValueError(f"counter {instrument.name} cannot be raised by {amount}")
        self._child(instrument, Kind.COUNTER, labels).inc(amount)

    @override
    def set(self, instrument: Instrument, value: float, labels: Sequence[str] = ()) -> None:
        self._child(instrument, Kind.GAUGE, labels).set(value)

    @override
    def observe(self, instrument: Instrument, value: float, labels: Sequence[str] = ()) -> None:
        self._child(instrument, Kind.HISTOGRAM, labels).observe(value)

    def _child(self, instrument: Instrument, kind: Kind, labels: Sequence[str]) -> Any:
        key = (instrument.name, kind, *labels)
        child = self._children.get(key)
        if child is None or child[0] is not instrument:
            child = self._children[key] = instrument, self._found(instrument, kind, labels)
        return child[1]

    def _found(self, instrument: Instrument, kind: Kind, labels: Sequence[str]) -> Any:
        if instrument.kind is not kind:
            raise ValueError(f"{instrument.name} is a {instrument.kind}, not a {kind}")
        if len(labels) != len(instrument.labels):
            raise ValueError(f"{instrument.name} has labels {instrument.labels}, not {tuple(labels)}")
        known = self._known.get(instrument.name) or self._register(instrument)
        if known[0] is not instrument and known[0] != instrument:
            raise ValueError(f"{instrument.name} is another instrument already")
        return known[1].labels(*labels) if labels else known[1]

    def _register(self, instrument: Instrument) -> tuple[Instrument, Any]:
        with self._lock:
            known = self._known.get(instrument.name)
            if known is None:
                known = self._known[instrument.name] = (instrument, _MAKE[instrument.kind](instrument, self._registry))
            return known

    @override
    def families(self) -> list[Family]:
        found = [self._family(metric) for metric in self._registry.collect()]
        return sorted((family for family in found if family.points), key=lambda family: family.instrument.name)

    def _family(self, metric: Metric) -> Family:
        # The library takes `_total` off a counter's name, and adds to each series when it was created, which nobody asked for.
        name = f"{metric.name}_total" if metric.type == Kind.COUNTER else metric.name
        points = tuple(
            Point(sample.name, tuple(sample.labels.items()), float(sample.value))
            for sample in metric.samples
            if not sample.name.endswith("_created")
        )
        if name in self._known:
            return Family(self._known[name][0], points)
        labels = tuple(label for label, _ in points[0].labels) if points else ()
        return Family(Instrument(name, metric.documentation, Kind(metric.type), labels), points)
