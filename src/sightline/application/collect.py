"""Ask the sources what they see, and take it in like everybody else's samples."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from sightline.domain.errors import SightlineError, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.tenancy import LOCAL, Principal
from sightline.ports.clock import Clock
from sightline.ports.source import Source
from sightline.ports.telemetry import Instrument, Kind, Telemetry

TIMEOUT: Final = 4.0
"""Seconds a collection may take: less than the 5 s after which the next is due."""

UP: Final = Instrument(
    "sightline_source_up", "1 when the last collection of a source was taken in, else 0.", Kind.GAUGE, ("source",)
)
COLLECTIONS: Final = Instrument(
    "sightline_source_collections_total",
    "Collections of a source, by outcome: ok, or the code of the error.",
    Kind.COUNTER,
    ("source", "outcome"),
)
DURATION: Final = Instrument(
    "sightline_source_collection_duration_seconds",
    "How long it took to collect from a source, taking in not included.",
    Kind.HISTOGRAM,
    ("source",),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
SAMPLES: Final = Instrument(
    "sightline_source_samples", "Samples of the last collection of a source.", Kind.GAUGE, ("source",)
)


class IngestSamples(Protocol):
    """The part of the ingest use case that collecting needs."""

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Store a batch under the principal's tenant; returns how many samples were acknowledged.

        Raises:
            SightlineError: the batch cannot be taken in.
        """
        ...


@dataclass(frozen=True, slots=True)
class Collected:
    """How a collection ended. outcome: `ok`, or the code of the error. samples: acknowledged ones. message: what was wrong."""

    outcome: str
    samples: int = 0
    message: str = ""


class Collect:
    """The use case. Samples are stored under the program's own principal.

    A series that a source no longer shows, and every series of a source that fails, gets a stale marker, as after a scrape by
    Prometheus: queries then see at once that it is gone and not its last value for another five minutes.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        ingest: IngestSamples,
        clock: Clock,
        telemetry: Telemetry,
        *,
        timeout: float = TIMEOUT,
        principal: Principal = LOCAL,
    ) -> None:
        """Names of sources are distinct; `timeout` is in seconds."""
        self.sources: Final = tuple(sources)
        self._ingest = ingest
        self._clock = clock
        self._telemetry = telemetry
        self._timeout = timeout
        self._principal = principal
        self._shown: dict[str, Sequence[Labels]] = {}

    async def run_all(self) -> list[Collected]:
        """Collect from all sources at once, each on its own; returns their outcomes in the order of the sources."""
        ended = await asyncio.gather(*(self.run_once(source) for source in self.sources), return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one  # a defect, told only after every other source was served
        return [one for one in ended if isinstance(one, Collected)]

    async def run_once(self, source: Source) -> Collected:
        """Collect from one source and take it in. What fails is counted and told in the answer, never raised."""
        started = self._clock.monotonic()
        failure: SightlineError | None = None
        batch = WriteBatch.at(self._clock.now(), ())
        try:
            batch = await self._within_time(source)
        except SightlineError as error:
            failure = error
        took = self._clock.monotonic() - started
        shown, samples = batch.labels, len(batch)
        stored = 0
        try:
            whole = self._with_stale(source, batch)
            if len(whole):
                stored = await self._ingest(self._principal, whole)
            self._shown[source.name] = shown
        except SightlineError as error:
            failure = failure or error
            if is_partial(error):
                self._shown[source.name], stored = shown, int(error.detail["stored"])
        self._record(source, took, samples, failure)
        if failure is not None:
            return Collected(failure.code, stored, failure.message)
        return Collected("ok", stored)

    async def _within_time(self, source: Source) -> WriteBatch:
        collection = asyncio.ensure_future(source.collect())
        bell = asyncio.ensure_future(self._clock.sleep(self._timeout))
        try:
            await asyncio.wait({collection, bell}, return_when=asyncio.FIRST_COMPLETED)
            if collection.done():
                return collection.result()
            raise Unavailable(f"source {source.name} did not answer within {self._timeout} s", source=source.name)
        finally:
            for task in (collection, bell):
                task.cancel()
            await asyncio.wait({collection, bell})

    def _with_stale(self, source: Source, batch: WriteBatch) -> WriteBatch:
        """The batch, and a stale marker for each series that the last batch taken in had and this one lacks."""
        before = self._shown.get(source.name, ())
        if before is batch.labels or not before:
            return batch
        now = frozenset(batch.labels)
        gone = tuple(labels for labels in before if labels not in now)
        if not gone:
            return batch
        time = batch.times[-1] if len(batch) else self._clock.now()
        first = len(batch.labels)
        return WriteBatch(
            (*batch.labels, *gone),
            np.concatenate([batch.series, np.arange(first, first + len(gone), dtype=np.uint32)]),
            np.concatenate([batch.times, np.full(len(gone), time, np.int64)]),
            np.concatenate([batch.values, np.full(len(gone), STALE)]),
        )

    def _record(self, source: Source, took: float, samples: int, failure: SightlineError | None) -> None:
        labels = (source.name,)
        self._telemetry.set(UP, float(failure is None), labels)
        self._telemetry.add(COLLECTIONS, labels=(source.name, failure.code if failure else "ok"))
        self._telemetry.observe(DURATION, took, labels)
        self._telemetry.set(SAMPLES, samples, labels)
