"""Our own metrics as a source, stored like everybody else's."""

import asyncio

from typing_extensions import override

from sightline.domain.metrics.readings import Batches
from sightline.domain.metrics.samples import WriteBatch
from sightline.ports.clock import Clock
from sightline.ports.source import Source
from sightline.ports.telemetry import Telemetry


class OwnMetrics(Source):
    """Everything that `/metrics` exposes, collected without a scrape.

    instance: host and port of this program, as a Prometheus that scraped it would call it.
    """

    def __init__(self, telemetry: Telemetry, clock: Clock, instance: str, *, job: str = "sightline") -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._batches = Batches(job, instance)

    @property
    @override
    def name(self) -> str:
        return "own"

    @override
    async def collect(self) -> WriteBatch:
        return await asyncio.to_thread(self._collect)  # the process's own state is read from /proc

    def _collect(self) -> WriteBatch:
        time = self._clock.now()
        families = self._telemetry.families()
        return self._batches.make(
            time, {(point.name, point.labels): point.value for family in families for point in family.points}
        )
