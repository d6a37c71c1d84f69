"""The live tail: filtered by selector and tenant, coalesced in time, bounded for the slow."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application.tail import (
    INTERVAL,
    MAX_PENDING_ALERTS,
    MAX_PENDING_SAMPLES,
    Dropped,
    Feed,
    LiveSamples,
    Tail,
)
from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.events import AlertChanged, SamplesStored
from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant

A, B, C = (Labels.of(__name__=name) for name in "abc")
ONLY_A: Matchers = (Matcher("__name__", MatchOp.EQUAL, "a"),)
Told = list[tuple[str, list[int], list[float]]]


def stored(time: int, *samples: tuple[Labels, float], tenant: Tenant = DEFAULT_TENANT) -> SamplesStored:
    """One published batch."""
    return SamplesStored(tenant, WriteBatch.at(time, samples))


def changed(at: int, tenant: Tenant = DEFAULT_TENANT) -> AlertChanged:
    """One published alert change."""
    alert = Alert(tenant, "r", A, Labels(), AlertState.FIRING, 1, at, at, Reason.CONDITION_TRUE)
    return AlertChanged(tenant, Notice(alert, AlertState.PENDING, at))


def told(samples: object) -> Told:
    """Live samples, series by series."""
    assert isinstance(samples, LiveSamples)
    bounds = samples.offsets.tolist()
    return [
        (str(labels), samples.times[start:end].tolist(), samples.values[start:end].tolist())
        for labels, start, end in zip(samples.labels, bounds[:-1], bounds[1:], strict=True)
    ]


@asynccontextmanager
async def heard(
    bus: MemoryBus, clock: ManualClock, *matcher_sets: Matchers, principal: Principal = LOCAL
) -> AsyncIterator[Feed]:
    """A feed that listens already."""
    async with Tail(bus, clock)(principal, matcher_sets) as feed:
        await settled()
        yield feed


async def settled() -> None:
    """Let every task that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def bus() -> MemoryBus:
    """A bus."""
    return MemoryBus()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still."""
    return ManualClock()


async def test_the_first_samples_are_told_at_once(bus: MemoryBus, clock: ManualClock) -> None:
    """A quiet feed tells without a wait, series in order of appearance, samples in order of arrival."""
    async with heard(bus, clock) as feed:
        bus.publish(stored(5, (B, 1.0), (A, 2.0)))
        bus.publish(stored(4, (A, 3.0)))
        await settled()
        assert [told(one) for one in await anext(feed)] == [[("b", [5], [1.0]), ("a", [5, 4], [2.0, 3.0])]]
        assert clock.sleeping == 0


async def test_a_busy_feed_tells_four_times_a_second(bus: MemoryBus, clock: ManualClock) -> None:
    """What comes within the interval after a telling comes in one next telling, within a second of its storage."""
    async with heard(bus, clock) as feed:
        bus.publish(stored(0, (A, 0.0)))
        await anext(feed)
        next_one = asyncio.ensure_future(anext(feed))
        for step in range(1, 5):
            bus.publish(stored(step, (A, float(step))))
            await clock.advance(INTERVAL / 5)
            assert not next_one.done()
        await clock.advance(INTERVAL / 5)
        assert [told(one) for one in await next_one] == [[("a", [1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0])]]


async def test_selectors_choose_series(bus: MemoryBus, clock: ManualClock) -> None:
    """A series is told when any matcher set selects it; batches without one wake nobody."""
    only_c: Matchers = (Matcher("__name__", MatchOp.MATCHES, "c|d"),)
    async with heard(bus, clock, ONLY_A, only_c) as feed:
        bus.publish(stored(1, (B, 1.0)))
        next_one = asyncio.ensure_future(anext(feed))
        await settled()
        assert not next_one.done()
        bus.publish(stored(2, (A, 2.0), (B, 2.0), (C, 2.0)))
        assert [told(one) for one in await next_one] == [[("a", [2], [2.0]), ("c", [2], [2.0])]]


async def test_tenants_hear_only_their_own(bus: MemoryBus, clock: ManualClock) -> None:
    """Samples and alerts of another tenant are not told."""
    team = Tenant("team")
    async with heard(bus, clock, principal=Principal("x", team)) as feed:
        bus.publish(stored(1, (A, 1.0)))
        bus.publish(changed(1))
        bus.publish(stored(2, (A, 2.0), tenant=team))
        assert [told(one) for one in await anext(feed)] == [[("a", [2], [2.0])]]


async def test_alerts_are_told_whatever_the_selector(bus: MemoryBus, clock: ManualClock) -> None:
    """Every change of an alert comes, each by itself, in order and after the samples."""
    changes = [changed(1), changed(2)]
    async with heard(bus, clock, ONLY_A) as feed:
        for change in changes:
            bus.publish(change)
        bus.publish(stored(3, (A, 1.0)))
        await settled()
        samples, *rest = await anext(feed)
        assert told(samples) == [("a", [3], [1.0])]
        assert rest == changes


async def test_a_slow_listener_loses_its_oldest_and_is_told(bus: MemoryBus, clock: ManualClock) -> None:
    """Beyond the bounds the oldest samples and changes are dropped and counted, and the newest are kept."""
    half = MAX_PENDING_SAMPLES // 2
    async with heard(bus, clock) as feed:
        for number in range(3):
            series = np.zeros(half, np.uint32)
            batch = WriteBatch((A,), series, np.arange(half, dtype=np.int64), np.full(half, float(number)))
            bus.publish(SamplesStored(DEFAULT_TENANT, batch))
        bus.publish(stored(7, (A, 7.0)))
        await settled()
        for number in range(MAX_PENDING_ALERTS + 2):
            bus.publish(changed(number))
            if number % 500 == 0:
                await settled()
        await settled()
        dropped, samples, *alerts = await anext(feed)
        assert dropped == Dropped(samples=half + 1, alerts=2, events=0)
        [(_, times, values)] = told(samples)
        assert len(times) == MAX_PENDING_SAMPLES
        assert (times[0], values[0], values[-1]) == (1, 1.0, 7.0)
        assert len(alerts) == MAX_PENDING_ALERTS
        bus.publish(stored(8, (A, 8.0)))
        await clock.advance(INTERVAL)
        assert [told(one) for one in await anext(feed)] == [[("a", [8], [8.0])]]


async def test_events_that_the_bus_dropped_are_told(clock: ManualClock) -> None:
    """A burst beyond the bus' own bound is reported in events."""
    bus = MemoryBus(bound=2)
    async with heard(bus, clock) as feed:
        for number in range(5):
            bus.publish(stored(number, (A, float(number))))
        await settled()
        dropped, samples = await anext(feed)
        assert dropped == Dropped(samples=0, alerts=0, events=3)
        assert told(samples) == [("a", [3, 4], [3.0, 4.0])]


async def test_one_huge_batch_keeps_its_end(bus: MemoryBus, clock: ManualClock) -> None:
    """A batch larger than the bound leaves its last samples and no reference to the whole."""
    size = MAX_PENDING_SAMPLES * 3
    times = np.arange(size, dtype=np.int64)
    async with heard(bus, clock) as feed:
        batch = WriteBatch((A,), np.zeros(size, np.uint32), times, times.astype(np.float64))
        bus.publish(SamplesStored(DEFAULT_TENANT, batch))
        await settled()
        dropped, samples = await anext(feed)
        assert dropped == Dropped(samples=size - MAX_PENDING_SAMPLES, alerts=0, events=0)
        assert told(samples)[0][1] == list(range(size - MAX_PENDING_SAMPLES, size))


async def test_the_feed_ends_with_the_bus(bus: MemoryBus, clock: ManualClock) -> None:
    """After the bus has closed the rest is told and the iteration ends."""
    async with heard(bus, clock) as feed:
        bus.publish(stored(1, (A, 1.0)))
        bus.close()
        assert len([updates async for updates in feed]) == 1


async def test_leaving_leaves_nothing(bus: MemoryBus, clock: ManualClock) -> None:
    """After the context neither a subscription nor a task is left."""
    before = asyncio.all_tasks()
    async with heard(bus, clock, ONLY_A):
        assert bus.listeners == 1
    assert bus.listeners == 0
    assert asyncio.all_tasks() == before


async def test_a_selection_decides_anew_for_another_roster(bus: MemoryBus, clock: ManualClock) -> None:
    """Decisions are remembered by the numbers of one roster; in another the same numbers mean other series."""
    many = [Labels.of(__name__="a" if number % 2 else "b", i=str(number)) for number in range(10)]
    async with heard(bus, clock, ONLY_A) as feed:
        for time, order in enumerate([many, many[::-1], many]):
            roster = Roster()
            for half in (order[:5], order):
                batch = WriteBatch.at(time, ((labels, 1.0) for labels in half))
                named = roster.named(roster.numbers(batch.labels))
                bus.publish(SamplesStored(LOCAL.tenant, replace(batch, labels=named)))
                await settled()
        [samples] = await anext(feed)
        assert {labels for labels, _, _ in told(samples)} == {str(labels) for labels in many[1::2]}
        assert all(set(times) == {0, 1, 2} for _, times, _ in told(samples))


@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(0, 9), st.integers(0, 9)), max_size=6), max_size=6
    ),
    filtered=st.booleans(),
)
def test_merging_tells_every_chosen_sample_once(
    batches: list[list[tuple[Labels, int, int]]], *, filtered: bool
) -> None:
    """Whatever the batches, each chosen series has exactly its samples, in the order of their arrival."""

    async def run() -> Told:
        bus, clock = MemoryBus(), ManualClock()
        async with heard(bus, clock, *([ONLY_A] if filtered else [])) as feed:
            for batch in batches:
                labels = list(dict.fromkeys(one for one, _, _ in batch))
                index = np.array([labels.index(one) for one, _, _ in batch], np.uint32)
                times = np.array([time for _, time, _ in batch], np.int64)
                values = np.array([value for _, _, value in batch], np.float64)
                bus.publish(SamplesStored(DEFAULT_TENANT, WriteBatch(tuple(labels), index, times, values)))
            bus.close()
            await settled()
            updates = [one async for updates in feed for one in updates]
        return [row for one in updates for row in told(one)]

    expected: dict[str, tuple[list[int], list[float]]] = {}
    for labels, time, value in (sample for batch in batches for sample in batch):
        if not filtered or labels == A:
            times, values = expected.setdefault(str(labels), ([], []))
            times.append(time)
            values.append(float(value))
    assert asyncio.run(run()) == [(labels, times, values) for labels, (times, values) in expected.items()]
