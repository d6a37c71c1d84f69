"""Tail and store, read as one, answer like a plain dictionary, whatever happens on the way from one to the other."""

import asyncio
from collections.abc import Sequence
from itertools import islice, product
from typing import Final

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.application.intake import FlakySeries, House
from typing_extensions import override

from sightline.application.ingest import IngestLimits
from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.samples import STALE, SeriesColumns, WriteBatch
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, TimeRange

_NAN: Final = float(np.array([0x7FF8_0000_0000_0007], np.uint64).view(np.float64)[0])
_TENANTS: Final = st.sampled_from([Tenant("a"), Tenant("b")])
_SERIES: Final = tuple(Labels.of(__name__=name, n=str(n)) for name, n in product("xy", range(3)))
_TIMES: Final = st.integers(0, 12)  # few, so that writes meet; hours before the present
_VALUES: Final = st.sampled_from([0.0, -0.0, 1.5, -3.0, float("inf"), _NAN, float(STALE)])
_BATCHES: Final = st.lists(st.tuples(st.sampled_from(_SERIES), _TIMES, _VALUES), min_size=1, max_size=12)
_ANY: Final = (Matcher("n", MatchOp.NOT_EQUAL, ""),)
_MATCHERS: Final = st.sampled_from(
    [
        (),
        _ANY,
        (Matcher("__name__", MatchOp.EQUAL, "x"),),
        (Matcher("__name__", MatchOp.MATCHES, "x|z"), Matcher("n", MatchOp.NOT_EQUAL, "1")),
    ]
)
Contents = dict[tuple[Labels, int], bytes]


class Crash(Exception):
    """The process dies here."""


class SlowSeries(FlakySeries):
    """A store whose every call gives way to others before and after."""

    @override
    async def write(self, batch: SealedRange) -> None:
        await asyncio.sleep(0)
        await super().write(batch)
        await asyncio.sleep(0)

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        await asyncio.sleep(0)
        found = await super().select(tenant, matchers, within, limit)
        await asyncio.sleep(0)
        return found


class WriteAndReadPath(RuleBasedStateMachine):
    """Batches with repeats and late samples, flushes, crashes after each step, an absent store, reads in the middle of it all."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.house = House(limits=IngestLimits(ahead=30 * DAY))
        self.house.store = SlowSeries()
        self.dies_after = ""
        self.house.start(self.step)
        self.now = self.house.clock.now()
        self.written: dict[Tenant, Contents] = {Tenant("a"): {}, Tenant("b"): {}}

    def step(self, name: str) -> None:
        if name == self.dies_after:
            raise Crash

    def ingested(self, tenant: Tenant, samples: Sequence[tuple[Labels, int, float]]) -> WriteBatch:
        """A batch of the samples, which the model takes as written."""
        labels = tuple(dict.fromkeys(series for series, _, _ in samples))
        batch = WriteBatch(
            labels,
            np.array([labels.index(series) for series, _, _ in samples], np.uint32),
            np.array([self.now - hours * HOUR for _, hours, _ in samples], np.int64),
            np.array([value for _, _, value in samples], np.float64),
        )
        for (series, _, _), time, value in zip(samples, batch.times.tolist(), batch.values, strict=True):
            self.written[tenant][series, time] = value.tobytes()
        return batch

    @rule(tenant=_TENANTS, samples=_BATCHES)
    def ingest(self, tenant: Tenant, samples: list[tuple[Labels, int, float]]) -> None:
        """One batch is acknowledged."""
        self.runner.run(self.house.ingest(Principal("test", tenant), self.ingested(tenant, samples)))

    @rule(tenant=_TENANTS, batches=st.lists(_BATCHES, min_size=2, max_size=4))
    def ingest_during_a_flush(self, tenant: Tenant, batches: list[list[tuple[Labels, int, float]]]) -> None:
        """Batches arrive one after another while ranges are sealed and written."""

        async def both() -> None:
            flushing = asyncio.ensure_future(self.house.flush.drain())
            for samples in batches:
                await self.house.ingest(Principal("test", tenant), self.ingested(tenant, samples))
            await flushing

        self.runner.run(both())

    @rule(away=st.booleans())
    def store_comes_or_goes(self, away: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
        """From now on the store takes ranges, or does not."""
        self.house.store.away = away

    @rule(seconds=st.sampled_from([1, 31, 3600]))
    def time_goes_on(self, seconds: int) -> None:
        """The ticker's flush after a while."""

        async def later() -> None:
            await self.house.clock.advance(seconds)
            await self.house.flush.run_once()

        self.runner.run(later())

    @rule(
        after=st.sampled_from(["", "sealed", "written", "noted", "dropped", "released"]), jump=st.integers(-HOUR, HOUR)
    )
    def die_in_a_flush_and_start_again(self, after: str, jump: int) -> None:
        """The process dies after a step of a flush, or without one, and comes back with another idea of the time."""
        self.dies_after = after
        try:
            if after:
                self.runner.run(self.house.flush.drain())
        except Crash:
            pass
        self.dies_after = ""
        self.house.clock.jump(jump)
        self.house.start(self.step)

    @rule(tenant=_TENANTS, matchers=_MATCHERS)
    def read_while_ranges_move(self, tenant: Tenant, matchers: Matchers) -> None:
        """Reads that begin at every moment of a flush all see everything."""

        async def reads() -> list[SeriesColumns]:
            moving = asyncio.ensure_future(self.house.flush.drain())
            reading = []
            while not moving.done():
                reading.append(asyncio.ensure_future(self.select(tenant, matchers, ALL_TIME)))
                await asyncio.sleep(0)
            await moving
            return list(await asyncio.gather(*islice(reading, 30)))

        for found in self.runner.run(reads()):
            self.check(found, tenant, matchers, ALL_TIME)

    @rule(tenant=_TENANTS, matchers=_MATCHERS, ends=st.tuples(_TIMES, _TIMES))
    def read_a_part(self, tenant: Tenant, matchers: Matchers, ends: tuple[int, int]) -> None:
        """A read of some series over some hours."""
        within = TimeRange(self.now - max(ends) * HOUR, self.now - min(ends) * HOUR)
        self.check(self.runner.run(self.select(tenant, matchers, within)), tenant, matchers, within)

    @invariant()
    def everything_is_answered_and_every_series_found(self) -> None:
        """After each step: all samples, bit for bit, and the series that were seen, give or take an hour."""
        for tenant, written in self.written.items():
            self.check(self.runner.run(self.select(tenant, _ANY, ALL_TIME)), tenant, _ANY, ALL_TIME)
            for hours in (0, 6, 12):
                within = TimeRange(self.now - hours * HOUR, self.now - hours * HOUR)
                listed = set(self.runner.run(self.house.reader.series(tenant, (), within, 100)))
                spans = {labels: [t for one, t in written if one == labels] for labels, _ in written}
                assert {one for one, times in spans.items() if within.start in times} <= listed
                near = {
                    one
                    for one, times in spans.items()
                    if min(times) <= within.end and max(times) + HOUR >= within.start
                }
                assert listed <= near

    @precondition(lambda self: not self.house.store.away)
    @rule()
    def drained_means_stored_once(self) -> None:
        """With the store there, a drain leaves nothing waiting, and each sample is in the store."""
        self.runner.run(self.house.flush.drain())
        assert (self.house.tail.rows, self.house.tail.weight) == (0, 0)
        for tenant in self.written:
            self.check(self.runner.run(self.house.store.select(tenant, (), ALL_TIME, 10**6)), tenant, (), ALL_TIME)

    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange) -> SeriesColumns:
        return await self.house.reader.select(tenant, matchers, within, 10**6)

    def check(self, found: SeriesColumns, tenant: Tenant, matchers: Matchers, within: TimeRange) -> None:
        """The answer holds exactly what the model says, in order."""
        wanted = {
            (labels, time): value
            for (labels, time), value in self.written[tenant].items()
            if within.start <= time <= within.end and all(one.matches(labels.get(one.name)) for one in matchers)
        }
        assert list(found.labels) == sorted({labels for labels, _ in wanted})
        rows = [
            ((labels, time), value.tobytes())
            for labels, start, end in zip(found.labels, found.offsets, found.offsets[1:], strict=False)
            for time, value in zip(found.times[start:end].tolist(), found.values[start:end], strict=True)
        ]
        assert rows == sorted(wanted.items())

    @override
    def teardown(self) -> None:
        self.runner.close()
        self.house.threads.shutdown()


TestWriteAndReadPath = WriteAndReadPath.TestCase
TestWriteAndReadPath.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
