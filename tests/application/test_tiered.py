"""Tail and store, read as one, answer like a plain dictionary, whatever happens on the way from one to the other."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice, product
from typing import Any, Final, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.application.intake import FlakySeries, House
from tests.contracts.digests import check as check_digested
from tests.contracts.ranges import Ledger, Write
from tests.oracles.native_histogram import Native, Value, exact, marked, numbered, told
from typing_extensions import override

from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.ingest import IngestLimits
from sightline.domain.errors import TooManySamples, Unavailable
from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.digest import Digest, Statistic, Windows
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import STALE, SeriesColumns, WriteBatch
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, TimeRange

_NAN: Final = float(np.array([0x7FF8_0000_0000_0007], np.uint64).view(np.float64)[0])
_A: Final = Tenant("a")
_TENANTS: Final = st.sampled_from([_A, Tenant("b")])
_SERIES: Final = tuple(Labels.of(__name__=name, n=str(n)) for name, n in product("xy", range(3)))
_TIMES: Final = st.integers(0, 12)  # few, so that writes meet; hours before the present
_VALUES: Final = st.sampled_from(
    [0.0, -0.0, 1.5, -3.0, float("inf"), _NAN, float(STALE), *(numbered(n) for n in (3, 6, 99))]
)
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
Contents = dict[tuple[Labels, int], bytes | Native]
T = TypeVar("T")


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

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        await asyncio.sleep(0)
        found = await super().select_known(tenant, known, within, limit)
        await asyncio.sleep(0)
        return found

    @override
    async def digest(self, tenant: Tenant, known: KnownSeries, windows: Windows, limit: int) -> Digest:
        await asyncio.sleep(0)
        found = await super().digest(tenant, known, windows, limit)
        await asyncio.sleep(0)
        return found

    @override
    async def runs(self, within: TimeRange) -> Mapping[Tenant, Run]:
        await asyncio.sleep(0)
        found = await super().runs(within)
        for _ in range(4):  # long enough for a whole write
            await asyncio.sleep(0)
        return found


class WriteAndReadPath(RuleBasedStateMachine):
    """Batches with repeats and late samples, flushes, crashes after each step, an absent store, reads in the middle of it all."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.house = House(limits=IngestLimits(ahead=30 * DAY))
        self.house.store = SlowSeries()
        self.house.hot_bytes = (
            3_000  # some two hundred samples: enough to be complete at times, and to give up at others
        )
        self.dies_after = ""
        self.house.start(self.step)
        self.now = self.house.clock.now()
        self.written: dict[Tenant, Contents] = {Tenant("a"): {}, Tenant("b"): {}}
        self.seen: dict[Tenant, dict[Labels, set[int]]] = {tenant: {} for tenant in self.written}

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let the loop do something to its end; `Runner.run` would look after Control-C each time, which took a fifth of it all."""
        return self.runner.get_loop().run_until_complete(work)

    def step(self, name: str) -> None:
        if name == self.dies_after:
            raise Crash

    def ingested(self, tenant: Tenant, samples: Sequence[tuple[Labels, int, Value]]) -> WriteBatch:
        """A batch of the samples, which the model takes as written."""
        labels = tuple(dict.fromkeys(series for series, _, _ in samples))
        batch = WriteBatch(
            labels,
            np.array([labels.index(series) for series, _, _ in samples], np.uint32),
            np.array([self.now - hours * HOUR for _, hours, _ in samples], np.int64),
            *marked([value for _, _, value in samples]),
        )
        for (series, _, value), time in zip(samples, batch.times.tolist(), strict=True):
            self.written[tenant][series, time] = exact(value)
            self.seen[tenant].setdefault(series, set()).add(time)
        return batch

    @rule(tenant=_TENANTS, samples=_BATCHES)
    def ingest(self, tenant: Tenant, samples: list[tuple[Labels, int, Value]]) -> None:
        """One batch is acknowledged."""
        self.run(self.house.ingest(Principal("test", tenant), self.ingested(tenant, samples)))

    @rule(tenant=_TENANTS, batches=st.lists(_BATCHES, min_size=2, max_size=4))
    def ingest_during_a_flush(self, tenant: Tenant, batches: list[list[tuple[Labels, int, Value]]]) -> None:
        """Batches arrive one after another while ranges are sealed and written."""

        async def both() -> None:
            flushing = asyncio.ensure_future(self.house.flush.drain())
            for samples in batches:
                await self.house.ingest(Principal("test", tenant), self.ingested(tenant, samples))
            await flushing

        self.run(both())

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

        self.run(later())

    @rule(
        after=st.sampled_from(["", "sealed", "written", "noted", "dropped", "released"]), jump=st.integers(-HOUR, HOUR)
    )
    def die_in_a_flush_and_start_again(self, after: str, jump: int) -> None:
        """The process dies after a step of a flush, or without one, and comes back with another idea of the time."""
        self.dies_after = after
        try:
            if after:
                self.run(self.house.flush.drain())
        except Crash:
            pass
        self.dies_after = ""
        self.house.clock.jump(jump)
        self.house.start(self.step)

    @rule()
    def refill(self) -> None:
        """Memory is filled again from the store, while a flush goes on."""

        async def both() -> None:
            await asyncio.gather(self.house.reader.refill(self.house.clock.now()), self.house.flush.drain())

        self.run(both())

    @rule(tenant=_TENANTS, matchers=_MATCHERS, ends=st.tuples(_TIMES, _TIMES), late=_BATCHES)
    def delete(
        self, tenant: Tenant, matchers: Matchers, ends: tuple[int, int], late: list[tuple[Labels, int, Value]]
    ) -> None:
        """Some hours of some series are deleted, if the store is there, while memory is filled; what comes later stays."""
        within = TimeRange(self.now - max(ends) * HOUR, self.now - min(ends) * HOUR)

        async def both() -> None:
            refilling = asyncio.ensure_future(self.house.reader.refill(self.house.clock.now()))
            await asyncio.sleep(0)
            try:
                await self.house.delete(Principal("test", tenant), (matchers,), within)
            finally:
                await refilling

        try:
            self.run(both())
        except Unavailable:
            assert self.house.store.away
            return
        self.written[tenant] = {
            (labels, time): value
            for (labels, time), value in self.written[tenant].items()
            if not (within.start <= time <= within.end and all(one.matches(labels.get(one.name)) for one in matchers))
        }
        self.run(self.house.ingest(Principal("test", tenant), self.ingested(tenant, late)))

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

        for found in self.run(reads()):
            self.check(found, tenant, matchers, ALL_TIME)

    @rule(tenant=_TENANTS, matchers=_MATCHERS, ends=st.tuples(_TIMES, _TIMES))
    def read_a_part(self, tenant: Tenant, matchers: Matchers, ends: tuple[int, int]) -> None:
        """A read of some series over some hours."""
        within = TimeRange(self.now - max(ends) * HOUR, self.now - min(ends) * HOUR)
        self.check(self.run(self.select(tenant, matchers, within)), tenant, matchers, within)

    @invariant()
    def everything_is_answered_and_every_series_found(self) -> None:
        """After each step: all samples, bit for bit, and the series that were seen, give or take an hour."""
        for tenant, written in self.written.items():
            self.check(self.run(self.select(tenant, _ANY, ALL_TIME)), tenant, _ANY, ALL_TIME)
            for hours in (0, 6, 12):
                within = TimeRange(self.now - hours * HOUR, self.now - hours * HOUR)
                listed = set(self.run(self.house.reader.series(tenant, (), within, 100)))
                spans = {labels: [t for one, t in written if one == labels] for labels, _ in written}
                assert {one for one, times in spans.items() if within.start in times} <= listed
                near = {
                    one
                    for one, times in self.seen[tenant].items()
                    if one in spans and min(times) <= within.end and max(times) + HOUR >= within.start
                }
                assert listed <= near

    @precondition(lambda self: not self.house.store.away)
    @rule()
    def drained_means_stored_once(self) -> None:
        """With the store there, a drain leaves nothing waiting, and each sample is in the store."""
        self.run(self.house.flush.drain())
        assert (self.house.tail.rows, self.house.tail.weight) == (0, 0)
        for tenant in self.written:
            self.check(self.run(self.house.store.select(tenant, (), ALL_TIME, 10**6)), tenant, (), ALL_TIME)

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
        values = told(found.values, found.histograms)
        rows = [
            ((labels, time), exact(value))
            for labels, start, end in zip(found.labels, found.offsets, found.offsets[1:], strict=False)
            for time, value in zip(found.times[start:end].tolist(), values[start:end], strict=True)
        ]
        assert rows == sorted(wanted.items())

    @override
    def teardown(self) -> None:
        self.runner.close()
        self.house.threads.shutdown()


TestWriteAndReadPath = WriteAndReadPath.TestCase
TestWriteAndReadPath.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=15, deadline=None
)


_ROWS: Final = st.lists(st.tuples(st.sampled_from(_SERIES[:3]), _TIMES), min_size=1, max_size=8)
_CHANGES: Final = st.lists(
    st.tuples(st.sampled_from(["write", "refill", "both", "restart", "delete"]), _ROWS), max_size=10
)


@given(changes=_CHANGES, hot_bytes=st.integers(200, 1_500), ends=st.tuples(_TIMES, _TIMES))
async def test_tiers_answer_like_the_store_alone(
    changes: list[tuple[str, list[tuple[Labels, int]]]], hot_bytes: int, ends: tuple[int, int]
) -> None:
    """Whatever was written, late or twice, deleted, given up, brought back or lost in a restart: memory changes no answer."""
    now, store, ledger = 20 * HOUR, SlowSeries(), Ledger()
    within = TimeRange(now - max(ends) * HOUR, now - min(ends) * HOUR)
    value = iter(range(1_000))  # each write has its own, so that nothing can stand in for anything else
    with ThreadPoolExecutor(1) as threads:
        tiers = TieredSeries(Tail(), store, threads, HotTier(hot_bytes))
        for change, rows in changes:
            batch = ledger.sealed(
                [Write(_A, one, [(now - hours * HOUR, numbered(next(value)))]) for one, hours in rows]
            )
            if change == "restart":
                tiers = TieredSeries(Tail(), store, threads, HotTier(hot_bytes))
            if change == "delete":
                hours = [hour for _, hour in rows]
                gone = TimeRange(now - max(hours) * HOUR, now - min(hours) * HOUR)
                chosen = [tuple(Matcher(*pair) for pair in equal(one)) for one, _ in rows[:2]]
                await asyncio.gather(tiers.refill(now), tiers.delete(_A, chosen, gone))
            filling = [] if change == "write" else [tiers.refill(now)]
            writing = [tiers.write(batch)] if change in {"write", "both"} else []
            await asyncio.gather(*filling, *writing)
            for asked in (ALL_TIME, within):
                found, wanted = [await one.select(_A, (), asked, 10**6) for one in (tiers, store)]
                assert found.labels == wanted.labels
                assert [found.offsets.tolist(), found.times.tolist()] == [
                    wanted.offsets.tolist(),
                    wanted.times.tolist(),
                ]
                assert told(found.values, found.histograms) == told(wanted.values, wanted.histograms)
            assert await tiers.series(_A, (), within, 9) == await store.series(_A, (), within, 9)
            assert await tiers.label_names(_A, (), within, 9) == await store.label_names(_A, (), within, 9)
            assert await tiers.label_values(_A, "n", (), within, 9) == await store.label_values(_A, "n", (), within, 9)


def kept(value: Value) -> dict[str, Any]:
    """The value of one sample as columns of a batch."""
    return dict(zip(("values", "histograms"), marked([value]), strict=True))


def equal(labels: Labels) -> list[tuple[str, MatchOp, str]]:
    """What only one series satisfies."""
    return [(name, MatchOp.EQUAL, value) for name, value in labels]


_STEPS: Final = st.lists(st.tuples(st.sampled_from(["ingest", "flush", "both"]), _BATCHES), min_size=1, max_size=8)


@given(
    steps=_STEPS, hot_bytes=st.integers(200, 1_500), statistic=st.sampled_from(Statistic), hours=st.sampled_from([1, 3])
)
@settings(deadline=None)
async def test_digests_tell_what_the_samples_tell(
    steps: list[tuple[str, list[tuple[Labels, int, Value]]]], hot_bytes: int, statistic: Statistic, hours: int
) -> None:
    """Wherever samples are, late ones in the tail too, above the horizon or below, windows have the statistics of all of them."""
    house = House(limits=IngestLimits(ahead=30 * DAY))
    house.store, house.hot_bytes = SlowSeries(), hot_bytes
    house.start()
    await house.reader.refill(house.clock.now())
    now, written = house.clock.now() // HOUR * HOUR, dict[Labels, dict[int, Value]]()
    windows = Windows(now - 12 * HOUR, hours * HOUR, 12 // hours)
    for action, samples in steps:
        flushing = [house.flush.drain()] if action != "ingest" else []
        if action != "flush":
            for labels, ago, value in samples:
                time = now - ago * HOUR
                await house.ingest(LOCAL, replace(WriteBatch.at(time, [(labels, 0.0)]), **kept(value)))
                written.setdefault(labels, {})[time] = value
        reading = house.reader.digested(LOCAL.tenant, _ANY, windows, statistic, 10**6)
        asked = asyncio.ensure_future(reading)
        await asyncio.gather(asked, *flushing)
        found = asked.result()
        check_digested(found, {one: sorted(its.items()) for one, its in written.items()}, windows, statistic)
    house.threads.shutdown()


class ReluctantSeries(SlowSeries):
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        self.asked.append("select")
        return await super().select(tenant, matchers, within, limit)

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        self.asked.append(f"select_known {len(known)} {within.start} {within.end}")
        return await super().select_known(tenant, known, within, limit)

    @override
    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        self.asked.append("series")
        return await super().series(tenant, matcher_sets, within, limit)


@pytest.fixture
def house() -> Iterator[House]:
    """The write and read path before a store that counts."""
    made = House(limits=IngestLimits(ahead=30 * DAY))
    made.store = ReluctantSeries()
    made.start()
    yield made
    made.threads.shutdown()


def asked(house: House) -> list[str]:
    """What the store was asked since the last time."""
    assert isinstance(house.store, ReluctantSeries)
    found, house.store.asked = house.store.asked, []
    return found


async def test_what_is_in_memory_is_not_asked_of_the_store(house: House) -> None:
    """Once memory is filled, samples and series that it holds are answered without the store, flushed or not."""
    await house.reader.refill(house.clock.now())
    await house.ingest(LOCAL, house.batch(1.0, 2.0))
    assert await house.values() == [1.0, 2.0]
    await house.flush.drain()
    assert await house.values() == [1.0, 2.0]
    assert await house.reader.series(LOCAL.tenant, (), ALL_TIME, 9) == [Labels.of(__name__="m")]
    assert await house.values(name="nothing") == []
    assert asked(house) == []


async def test_the_store_is_asked_for_what_lies_below_the_horizon_alone(house: House) -> None:
    """A read that begins below the horizon takes what is above it from memory, and names the series it found."""
    await house.ingest(LOCAL, house.batch(1.0, 2.0))
    await house.flush.drain()
    house.start()
    await house.clock.advance(2 * DAY / 1000)  # further back than memory is filled
    await house.reader.refill(house.clock.now())
    await house.ingest(LOCAL, house.batch(3.0))
    await house.flush.drain()
    horizon = house.hot.view(LOCAL.tenant).horizon
    assert await house.values() == [1.0, 2.0, 3.0]
    assert asked(house) == [f"select_known 1 {ALL_TIME.start} {horizon - 1}"]
    recent = TimeRange(horizon, house.clock.now())
    assert (await house.reader.select(LOCAL.tenant, (), recent, 9)).values.tolist() == [3.0]
    assert asked(house) == []


async def test_before_the_refill_the_store_answers(house: House) -> None:
    """After a start everything is answered at once, by the store; a second refill changes nothing."""
    await house.ingest(LOCAL, house.batch(1.0))
    await house.flush.drain()
    house.start()
    assert await house.values() == [1.0]
    assert asked(house) == ["select"]
    for _ in range(2):
        await house.reader.refill(house.clock.now())
    assert await house.values() == [1.0]
    assert asked(house) == []
    assert len(house.hot.view(LOCAL.tenant).runs) == 1


async def test_a_tenant_too_large_for_the_index_is_looked_up_in_the_store(house: House) -> None:
    """Where the index has given a tenant up, the store finds its series, and the tail still comes on top."""
    house.index_bytes = 1_000
    house.start()
    await house.reader.refill(house.clock.now())
    for number in range(5):
        await house.ingest(LOCAL, house.batch(float(number), n=str(number)))
    await house.flush.drain()
    await house.ingest(LOCAL, house.batch(9.0, n="9"))
    assert await house.values() == [0.0, 1.0, 2.0, 3.0, 4.0, 9.0]
    assert asked(house) == ["select"]
    assert len(await house.reader.series(LOCAL.tenant, (), ALL_TIME, 9)) == 6


async def test_many_values_are_matched_in_a_thread(house: House) -> None:
    """A regex over more values than may hold up the loop gives the same answer, now and again."""
    await house.reader.refill(house.clock.now())
    labels = tuple(Labels.of(__name__="m", n=str(number)) for number in range(1_500))
    times = np.full(1_500, house.clock.now())
    await house.ingest(LOCAL, WriteBatch(labels, np.arange(1_500, dtype=np.uint32), times, np.arange(1_500.0)))
    matchers = (Matcher("n", MatchOp.MATCHES, "1.*9"),)
    wanted = [float(number) for number in sorted(map(str, range(1_500))) if number[0] == "1" and number[-1] == "9"]
    for _ in range(2):
        assert (await house.reader.select(LOCAL.tenant, matchers, ALL_TIME, 9_999)).values.tolist() == wanted


async def test_more_samples_than_the_limit_are_refused_from_memory_too(house: House) -> None:
    """Exactly `limit` samples are returned; one more is TooManySamples and names the limit and its setting."""
    await house.reader.refill(house.clock.now())
    await house.ingest(LOCAL, house.batch(1.0, 2.0, 3.0))
    assert (await house.reader.select(LOCAL.tenant, (), ALL_TIME, 3)).samples == 3
    with pytest.raises(TooManySamples, match=r"2 samples.*query\.max_samples"):
        await house.reader.select(LOCAL.tenant, (), ALL_TIME, 2)


@given(changes=_CHANGES, hot_bytes=st.integers(200, 1_500))
async def test_an_answer_stays_what_it_was(changes: list[tuple[str, list[tuple[Labels, int]]]], hot_bytes: int) -> None:
    """Samples of an answer are copied when they are looked at; what is written, merged and given up until then is no part of it."""
    now, store, ledger = 20 * HOUR, SlowSeries(), Ledger()
    with ThreadPoolExecutor(1) as threads:
        tiers = TieredSeries(Tail(), store, threads, HotTier(hot_bytes))
        await tiers.refill(now)
        answers: list[tuple[SeriesColumns, SeriesColumns]] = []
        for number, (_, rows) in enumerate(changes):
            writes = [Write(_A, one, [(now - hours * HOUR, float(number))]) for one, hours in rows]
            await tiers.write(ledger.sealed(writes))
            answers.append((await tiers.select(_A, (), ALL_TIME, 10**6), await store.select(_A, (), ALL_TIME, 10**6)))
        for found, wanted in answers:
            assert (found.labels, found.samples) == (wanted.labels, wanted.samples)
            assert found.times.tolist() == wanted.times.tolist()
            assert found.values.tolist() == wanted.values.tolist()
