"""The write and read path over memory adapters, for tests of what happens on it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from typing_extensions import override

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.disk import MemoryDisk
from sightline.adapters.outbound.memory.journal import MemoryJournal
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.delete import Delete
from sightline.application.flush import Flush, FlushPolicy
from sightline.application.ingest import Ingest, IngestLimits
from sightline.application.recover import recover
from sightline.application.retain import Retain
from sightline.domain.errors import Unavailable
from sightline.domain.kernels.identity import identities
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.roster import Rosters
from sightline.domain.metrics.samples import Ids, WriteBatch
from sightline.domain.metrics.span_table import Spans
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME

Identify = Callable[[Spans], tuple[Ids, Ids]]


def identities_of(texts: Spans) -> tuple[Ids, Ids]:
    """The ids of label sets and of their metrics, as every program has them."""
    return identities(*texts)


class House:
    """The write and read path over memory adapters, with a store that can be away."""

    def __init__(self, identify: Identify = identities_of, limits: IngestLimits | None = None) -> None:
        self.clock = ManualClock()
        self.disk = MemoryDisk()
        self.telemetry = MemoryTelemetry()
        self.journal = MemoryJournal(segment_samples=10)
        self.bus = MemoryBus()
        self.store = FlakySeries()
        self.retain = Retain(self.disk, self.telemetry, min_free=1000)
        self.threads = ThreadPoolExecutor(1)
        self.identify = identify
        self.limits = limits or IngestLimits()
        self.hot_bytes = self.index_bytes = 1 << 20
        self.start()

    def start(self, after_step: Callable[[str], None] = lambda _: None) -> None:
        """Begin a run, as after a crash: what was only in memory is gone."""
        rosters = Rosters()
        self.index, self.hot = LabelIndex(self.index_bytes, rosters), HotTier(self.hot_bytes)
        self.tail = Tail(self.index.learn, rosters)
        found = recover(self.journal, self.tail)
        self.ingest = Ingest(
            self.journal,
            self.tail,
            self.bus,
            self.clock,
            self.retain,
            self.telemetry,
            self.limits,
            found.position,
            self.identify,
            rosters=rosters,
        )
        self.reader = TieredSeries(self.tail, self.store, self.threads, self.hot, self.index)
        self.flush = Flush(
            self.journal,
            self.tail,
            self.reader,
            self.clock,
            self.telemetry,
            FlushPolicy(rows=100, size=10**6, age=30.0),
            self.threads,
            found.pending,
            after_step,
        )
        self.delete = Delete(self.reader, self.flush, Freshness(), self.clock, self.store.clean)

    def batch(self, *values: float, name: str = "m", **labels: str) -> WriteBatch:
        """One series, one sample a second up to now."""
        now = self.clock.now()
        times = np.array([now - 1000 * (len(values) - 1 - i) for i in range(len(values))], np.int64)
        found = Labels.of(__name__=name, **labels)
        return WriteBatch((found,), np.zeros(len(values), np.uint32), times, np.array(values, np.float64))

    async def values(self, tenant: str = "default", name: str = "m") -> list[float]:
        """All values of a metric as a query sees them."""
        matchers = (Matcher("__name__", MatchOp.EQUAL, name),)
        found: list[float] = (await self.reader.select(Tenant(tenant), matchers, ALL_TIME, 10**6)).values.tolist()
        return found

    def counted(self, name: str) -> float:
        """The present value of an instrument, all label values together."""
        return sum(p.value for f in self.telemetry.families() if f.instrument.name == name for p in f.points)


class FlakySeries(MemorySeries):
    """A memory store that is away while `away` is set, and counts."""

    away = False
    tries = 0

    def __init__(self) -> None:
        super().__init__()
        self.series_rows: list[int] = []

    @override
    async def write(self, batch: SealedRange) -> None:
        self.tries += 1
        self.series_rows.append(len(batch.labels))
        if self.away:
            raise Unavailable("the store is away")
        await super().write(batch)
