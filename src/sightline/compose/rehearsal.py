"""A small program in memory for each group of tests of rules."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from typing_extensions import override

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.disk import MemoryDisk
from sightline.adapters.outbound.memory.journal import MemoryJournal
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.derive import Derive
from sightline.application.evaluate import TakeChanges
from sightline.application.flush import Flush, FlushPolicy
from sightline.application.ingest import Ingest, IngestLimits
from sightline.application.query import Query
from sightline.application.recover import recover
from sightline.application.rehearse import Rehearse, Stage
from sightline.application.restore import Restore
from sightline.application.retain import Retain
from sightline.domain.alerts.group import RuleGroup
from sightline.domain.alerts.notice import Notice
from sightline.domain.alerts.outage import Outages
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.unit_tests import Outcome, TestGroup, UnitTests
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.metrics.roster import Rosters
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME

_INDEX_BYTES: Final = 256 << 20
_HOT_BYTES: Final = 64 << 20


async def rehearse(
    tests: UnitTests, group: TestGroup, rules: Sequence[RuleGroup], reached: Callable[[int], None]
) -> Outcome:
    """Run one group of tests in a program of its own. reached: as `Rehearse` has it."""
    with ThreadPoolExecutor(1) as threads:
        return await Rehearse(_stage(group, threads), reached)(tests, group, rules)


class _Nobody(TakeChanges):
    """Tells nobody: tests look at alerts."""

    @override
    def tell(self, notices: Iterable[Notice], rule: str, /) -> None:
        pass

    @override
    def claim(self, tenant: Tenant, rule: str, /) -> Iterable[PostedAlert]:
        return ()


def _stage(group: TestGroup, threads: ThreadPoolExecutor) -> Stage:
    clock, telemetry, bus, journal = ManualClock(group.start), MemoryTelemetry(), MemoryBus(), MemoryJournal()
    rosters = Rosters()
    index = LabelIndex(_INDEX_BYTES, rosters)
    tail = Tail(index.learn, rosters)
    found = recover(journal, tail)
    limits = IngestLimits(retention=MAX_TIME)  # tests may be as long as they like
    retain = Retain(MemoryDisk(), telemetry, 0)
    ingest = Ingest(journal, tail, bus, clock, retain, telemetry, limits, found.position, rosters=rosters)
    reader = TieredSeries(tail, MemorySeries(), threads, HotTier(_HOT_BYTES), index)
    flush = Flush(journal, tail, reader, clock, telemetry, FlushPolicy(), threads, found.pending)
    query = Query(series=reader, clock=clock, telemetry=telemetry, executor=threads, threads=1)
    derive = Derive(
        query, ingest, Restore(reader, Outages()), bus, _Nobody(), clock, telemetry, external_url=group.external_url
    )
    return Stage(query, ingest, derive, lambda to: clock.jump(to - clock.now()), flush.drain)
