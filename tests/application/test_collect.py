"""Collecting from sources: what is taken in, and what becomes of those that fail."""

import asyncio

import pytest
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.source import MemorySource
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.collect import Collect, Collected
from sightline.domain.errors import SightlineError, StorageFull
from sightline.domain.metrics.samples import WriteBatch, stale_mask
from sightline.domain.tenancy import LOCAL, Principal

pytestmark = pytest.mark.anyio

STALE = "stale"


class Intake:
    """Takes batches in, or refuses them, as it is told."""

    def __init__(self) -> None:
        self.taken: list[dict[str, float | str]] = []
        self.principals: set[Principal] = set()
        self.refusal: SightlineError | None = None

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Remember what a batch says, by series."""
        if self.refusal:
            raise self.refusal
        stale = stale_mask(batch.values)
        self.principals.add(principal)
        self.taken.append(
            {
                str(batch.labels[owner]): STALE if stale[row] else float(batch.values[row])
                for row, owner in enumerate(batch.series.tolist())
            }
        )
        return len(batch)


class Hanging(MemorySource):
    """A source that never answers."""

    gone = False

    @override
    async def collect(self) -> WriteBatch:
        """Wait for ever."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.gone = True
        raise AssertionError


class Broken(MemorySource):
    """A source with a defect."""

    @override
    async def collect(self) -> WriteBatch:
        """Fail as no source may."""
        raise ZeroDivisionError


class House:
    """Two sources, an intake and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.intake = Intake()
        self.telemetry = MemoryTelemetry()
        self.one = MemorySource(self.clock, "one", instance="1")
        self.two = MemorySource(self.clock, "two", instance="2")
        self.one.set("up", 1)
        self.two.set("up", 2)
        self.collect = Collect([self.one, self.two], self.intake, self.clock, self.telemetry)

    def value(self, name: str, *labels: str) -> float | None:
        """A point of our own metrics by label values."""
        points = [point for family in self.telemetry.families() for point in family.points]
        return {(point.name, *(value for _, value in point.labels)): point.value for point in points}.get(
            (name, *labels)
        )


ONE = 'up{instance="1",job="memory"}'
TWO = 'up{instance="2",job="memory"}'


async def test_samples_are_taken_in_under_the_programs_own_principal() -> None:
    """A collection is stored as the local principal's, and its success, size and time are counted by source."""
    house = House()
    assert await house.collect.run_once(house.one) == Collected("ok", 1)
    assert house.intake.taken == [{ONE: 1.0}]
    assert house.intake.principals == {LOCAL}
    assert house.value("sightline_source_up", "one") == 1
    assert house.value("sightline_source_samples", "one") == 1
    assert house.value("sightline_source_collections_total", "one", "ok") == 1
    assert house.value("sightline_source_collection_duration_seconds_count", "one") == 1


async def test_a_source_that_fails_disturbs_no_other() -> None:
    """When one source cannot be read, the others are taken in, and the outcome names the reason."""
    house = House()
    house.one.readable(yes=False)
    first, second = await house.collect.run_all()
    assert (first.outcome, first.samples) == ("unavailable", 0)
    assert "one" in first.message
    assert second == Collected("ok", 1)
    assert house.intake.taken == [{TWO: 2.0}]
    assert house.value("sightline_source_up", "one") == 0
    assert house.value("sightline_source_up", "two") == 1
    assert house.value("sightline_source_collections_total", "one", "unavailable") == 1


async def test_a_source_that_does_not_answer_is_given_up() -> None:
    """After the time-out the collection is cancelled and counted as unavailable, and the other source has long been taken in."""
    house = House()
    hanging = Hanging(house.clock, "hanging")
    collect = Collect([hanging, house.two], house.intake, house.clock, house.telemetry, timeout=2.0)
    running = asyncio.ensure_future(collect.run_all())
    await house.clock.advance(1.9)
    assert house.intake.taken == [{TWO: 2.0}]
    assert not running.done()
    await house.clock.advance(0.2)
    outcome = (await running)[0]
    assert (outcome.outcome, outcome.message) == ("unavailable", "source hanging did not answer within 2.0 s")
    assert hanging.gone
    assert house.value("sightline_source_collection_duration_seconds_sum", "hanging") == pytest.approx(2.0)


async def test_series_that_vanish_get_a_stale_marker_once() -> None:
    """A series that the source no longer shows is marked stale in the next batch and left alone after that."""
    house = House()
    house.one.set("disk", 7, device="sda")
    await house.collect.run_once(house.one)
    house.one.remove("disk", device="sda")
    for _ in range(2):
        await house.collect.run_once(house.one)
    disk = 'disk{device="sda",instance="1",job="memory"}'
    assert house.intake.taken == [{ONE: 1.0, disk: 7.0}, {ONE: 1.0, disk: STALE}, {ONE: 1.0}]
    assert house.value("sightline_source_samples", "one") == 1


async def test_all_series_of_a_failed_source_go_stale_until_it_is_back() -> None:
    """When a source fails its series are marked stale once, and come back with it."""
    house = House()
    await house.collect.run_once(house.one)
    house.one.readable(yes=False)
    for _ in range(2):
        assert (await house.collect.run_once(house.one)).outcome == "unavailable"
    house.one.readable(yes=True)
    await house.collect.run_once(house.one)
    assert house.intake.taken == [{ONE: 1.0}, {ONE: STALE}, {ONE: 1.0}]


async def test_refused_samples_are_told_and_not_forgotten() -> None:
    """When intake refuses, the outcome is its code, and markers that could not be stored are stored when it takes again."""
    house = House()
    house.one.set("disk", 7)
    await house.collect.run_once(house.one)
    house.one.remove("disk")
    house.intake.refusal = StorageFull("no room")
    assert await house.collect.run_once(house.one) == Collected("storage_full", 0, "no room")
    assert house.value("sightline_source_up", "one") == 0
    house.intake.refusal = None
    assert (await house.collect.run_once(house.one)).outcome == "ok"
    assert house.intake.taken[1:] == [{ONE: 1.0, 'disk{instance="1",job="memory"}': STALE}]


async def test_a_source_that_shows_nothing_stores_nothing() -> None:
    """An empty collection is fine and takes nothing in."""
    house = House()
    assert await house.collect.run_once(MemorySource(house.clock, "empty")) == Collected("ok", 0)
    assert house.intake.taken == []


async def test_a_defect_is_raised_after_the_others_were_served() -> None:
    """A source with a defect is not hidden, and still the others are taken in."""
    house = House()
    collect = Collect([Broken(house.clock, "broken"), house.two], house.intake, house.clock, house.telemetry)
    with pytest.raises(ZeroDivisionError):
        await collect.run_all()
    assert house.intake.taken == [{TWO: 2.0}]


async def test_cancelling_leaves_nothing_running() -> None:
    """A collection that is cancelled takes its source and its bell with it."""
    house = House()
    hanging = Hanging(house.clock, "hanging")
    before = asyncio.all_tasks()
    running = asyncio.ensure_future(house.collect.run_once(hanging))
    await house.clock.advance(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert hanging.gone
    assert asyncio.all_tasks() == before
