"""When targets are scraped."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from sightline.adapters.inbound.scraping import ScrapeLoop
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.scraper import MemoryScraper
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.discover import Discover
from sightline.application.follow import Changes, Follow
from sightline.application.metadata import MetricMetadata
from sightline.application.scrape import Scrape
from sightline.domain.errors import Unavailable
from sightline.domain.metrics.samples import WriteBatch, stale_mask
from sightline.domain.scrape.job import ScrapeJob, TargetGroup, TargetsRead
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.target import Target, targets_of
from sightline.domain.tenancy import Principal

pytestmark = pytest.mark.anyio

START = 1_700_000_000_000


class World:
    """A loop over targets of a file, every 10 s, at a time that the test moves."""

    def __init__(self, *addresses: str) -> None:
        self.clock = ManualClock(START)
        self.telemetry = MemoryTelemetry()
        self.scraper = MemoryScraper(self.clock)
        self.job = ScrapeJob(job="node", interval=10_000, timeout=10_000)
        self.read = TargetsRead((TargetGroup(addresses),))
        self.stored: list[WriteBatch] = []
        self.refuses = False
        self.scrape = Scrape(self.scraper, self._ingest, MetricMetadata(self.telemetry), self.clock, self.telemetry)
        self.follow = Follow(Discover([self.job], {"node": self._files}, self.telemetry), self.scrape)
        self.loop = ScrapeLoop(self.follow, self.scrape, self.clock, self.telemetry)

    async def _files(self) -> TargetsRead:
        return self.read

    async def _ingest(self, principal: Principal, batch: WriteBatch, /) -> int:
        if self.refuses:
            raise Unavailable("away")
        self.stored.append(batch)
        return len(batch)

    def target(self, address: str) -> Target:
        """The target of an address."""
        return targets_of(self.job, Relabelling(()), [TargetGroup((address,))]).active[0]

    def first(self, address: str) -> int:
        """When the target is due first, ms after the start."""
        return (self.target(address).phase() - START) % 10_000

    def asked(self, address: str) -> list[int]:
        """When the target was asked, ms after the start."""
        return [time - START for time, url in self.scraper.asked if url == self.target(address).url]

    def counted(self, name: str) -> float:
        """The present value of one of our own metrics; of a histogram, the count."""
        points = [p for f in self.telemetry.families() if f.instrument.name == name for p in f.points]
        return sum(point.value for point in points if not point.name.endswith(("_bucket", "_sum")))


async def test_each_target_has_its_own_place_in_the_interval() -> None:
    """Targets are scraped an interval apart, each at its phase of the wall clock, however many there are."""
    addresses = [f"t{number}:1" for number in range(30)]
    world = World(*addresses)
    async with world.loop:
        await world.clock.advance(30)
    for address in addresses:
        assert world.asked(address) == pytest.approx([world.first(address) + 10_000 * turn for turn in range(3)], abs=1)
    assert world.counted("sightline_scrape_lateness_seconds") == 90
    assert world.counted("sightline_scrape_skipped_total") == 0


async def test_a_slow_target_never_overlaps_itself_and_delays_no_other() -> None:
    """Times that pass during a scrape are skipped and counted, and the next is on the schedule again."""
    world = World("slow:1", "quick:1")
    quick = MemoryScraper.scrape

    async def scrape(target: Target, last: Any = None) -> Any:
        world.scraper.seconds = 25.0 if "slow" in target.url else 0.0
        return await quick(world.scraper, target, last)

    world.scraper.scrape = scrape  # type: ignore[method-assign] # one target that is slow among others
    async with world.loop:
        await world.clock.advance(50)
    slow, first = world.asked("slow:1"), world.first("slow:1")
    assert slow == pytest.approx([first, first + 30_000], abs=1)
    assert len(world.asked("quick:1")) == 5
    assert world.counted("sightline_scrape_skipped_total") == 2


async def test_targets_of_a_file_come_and_go_within_five_seconds() -> None:
    """A new one is scraped from then on; one that is gone is scraped no more and its series are marked stale."""
    world = World("old:1")
    async with world.loop:
        await world.clock.advance(12)
        world.read = TargetsRead((TargetGroup(("new:1",)),))
        world.stored.clear()
        await world.clock.advance(5)
        asked = len(world.asked("old:1"))
        ended = [batch for batch in world.stored if stale_mask(batch.values).all()]
        assert [labels.get("instance") for labels in ended[0].labels] == ["old:1"] * 5
        await world.clock.advance(20)
    assert len(ended) == 1
    assert len(world.asked("old:1")) == asked
    assert len(world.asked("new:1")) >= 2


async def test_a_target_that_leaves_while_it_is_asked_is_not_waited_for() -> None:
    """Its scrape is cancelled, and nothing is stored of it afterwards."""
    world = World("old:1")
    world.scraper.seconds = 1_000
    async with world.loop:
        await world.clock.advance(11)
        assert len(world.asked("old:1")) == 1
        world.read = TargetsRead()
        await world.clock.advance(5)
        await world.clock.advance(2_000)
    assert len(world.asked("old:1")) == 1
    assert world.stored == []


async def test_intake_that_refuses_the_markers_is_told() -> None:
    """The log names the target whose series stay as they are, and the loop goes on."""
    world = World("old:1")
    async with world.loop:
        await world.clock.advance(12)
        world.refuses, world.read = True, TargetsRead()
        with capture_logs() as told:
            await world.clock.advance(6)
    assert [one["url"] for one in told] == ["http://old:1/metrics"]


async def test_a_lasting_problem_is_told_once() -> None:
    """What is wrong with a file stands in the log when it begins."""
    world = World()
    world.read = TargetsRead((), ("x.json: not JSON",))
    with capture_logs() as told:
        async with world.loop:
            await world.clock.advance(30)
    assert [one["reason"] for one in told] == ["x.json: not JSON"]


async def test_a_defect_ends_a_scrape_and_not_the_target() -> None:
    """An error that nobody foresaw is logged, and the target is scraped again when it is due."""
    world = World("a:1")
    calls = []

    async def broken(target: Target, last: Any = None) -> Any:
        calls.append(target)
        raise LookupError("a defect")

    world.scraper.scrape = broken  # type: ignore[method-assign] # as no scraper should be
    with capture_logs() as told:
        async with world.loop:
            await world.clock.advance(30)
    assert len(calls) == 3
    assert {one["log_level"] for one in told} == {"error"}


async def test_a_defect_in_a_look_is_not_the_last_look() -> None:
    """An error that nobody foresaw is logged, and what files say later counts."""
    world = World("old:1")
    look, looks = world.follow.look, []

    async def once_broken() -> Changes:
        looks.append(world.clock.now())
        if len(looks) == 2:
            raise LookupError("a defect")
        return await look()

    world.follow.look = once_broken  # type: ignore[method-assign] # as no use case should be
    with capture_logs() as told:
        async with world.loop:
            world.read = TargetsRead((TargetGroup(("new:1",)),))
            await world.clock.advance(25)
    assert [one["log_level"] for one in told] == ["error"]
    assert len(looks) == 6
    assert world.asked("new:1")


async def test_leaving_the_loop_ends_everything_and_marks_nothing() -> None:
    """No task is left, and no series is marked: the program comes back."""
    world = World("a:1", "b:1")
    world.scraper.seconds = 3
    before = len(asyncio.all_tasks())
    async with world.loop:
        await world.clock.advance(14)
        world.stored.clear()
    assert len(asyncio.all_tasks()) == before
    assert world.stored == []
