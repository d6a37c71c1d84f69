"""A source of samples that are set by hand."""

from typing_extensions import override

from sightline.domain.errors import Unavailable
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.ports.clock import Clock
from sightline.ports.source import Source


class MemorySource(Source):
    """Yields the values that were set last, all at the clock's time; can be told that nothing can be read."""

    def __init__(self, clock: Clock, name: str = "memory", job: str = "memory", instance: str = "local") -> None:
        self._clock = clock
        self._name = name
        self._identity = {"job": job, "instance": instance}
        self._values: dict[Labels, float] = {}
        self._readable = True

    @property
    @override
    def name(self) -> str:
        return self._name

    @override
    async def collect(self) -> WriteBatch:
        if not self._readable:
            raise Unavailable(f"source {self._name} was told that nothing can be read")
        return WriteBatch.at(self._clock.now(), self._values.items())

    def set(self, metric: str, value: float, **labels: str) -> None:
        """The present value of one series; `job` and `instance` are added."""
        self._values[self._series(metric, labels)] = value

    def remove(self, metric: str, **labels: str) -> None:
        """Leave a series out from now on; one that was never set is left out already."""
        self._values.pop(self._series(metric, labels), None)

    def readable(self, *, yes: bool) -> None:
        """Whether anything can be read from now on."""
        self._readable = yes

    def _series(self, metric: str, labels: dict[str, str]) -> Labels:
        return Labels.of({**labels, **self._identity, METRIC_NAME: metric})
