"""What a location finds, on its way."""

from collections.abc import Sequence
from itertools import count

import pytest

from sightline.adapters.outbound.memory.center import MemoryCenter
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.outbox import MemoryOutbox
from sightline.application.align import AlignedClock
from sightline.application.obey import Obey
from sightline.application.remit import Remit
from sightline.application.roster import Roster
from sightline.domain.errors import BadData, Forbidden, SightlineError, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import Tcp
from sightline.domain.probes.parcel import Lost, Packed
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.traces.span import Span

pytestmark = pytest.mark.anyio

START = 1_700_000_000_000


def pack(parcel_id: str, results: Sequence[Result], spans: Sequence[Span]) -> Packed:
    """A parcel of as many bytes as it has things."""
    return Packed(parcel_id, b"x" * (len(results) + len(spans)), len(results), START, START)


def pack_lost(lost: Lost) -> Packed:
    """Of the same loss the same parcel."""
    return Packed(f"lost {lost.count}", b"", 0, 0, 0)


class World:
    """A location and its center, whose clock is a minute ahead."""

    def __init__(self, most: int = 10_000) -> None:
        self.clock = ManualClock(START)
        self.theirs = ManualClock(START + 60_000)
        self.aligned = AlignedClock(self.clock)
        self.center = MemoryCenter(self.theirs)
        self.outbox = MemoryOutbox(most)
        self.roster = Roster()
        self.referred: list[Sequence[Reference]] = []
        numbers = count()
        self.is_cut_off = False
        self.remit = Remit(
            self.outbox,
            self.center,
            self.aligned,
            pack,
            pack_lost,
            lambda: f"p{next(numbers)}",
            version="9",
            is_cut_off=lambda: self.is_cut_off,
        )
        self.obey = Obey(self.center, self.roster, self.aligned, Judge.of, self.referred.append)

    async def find(self, number: int) -> None:
        """So many results."""
        one = Result(check=1, location="oslo", at=START, seconds=0.1, verdict=Verdict.UP)
        await self.remit.keep([(DEFAULT_TENANT, one)] * number)


async def test_what_is_found_is_handed_over_in_parcels() -> None:
    """A thousand results are one, and each leaves the outbox once it was taken."""
    world = World()
    await world.find(2_500)
    await world.remit.once()
    assert [one.count for one in world.center.parcels.values()] == [1_000, 1_000, 500]
    assert world.outbox.waiting == 0
    assert [one.waiting for one in world.center.bearings] == [2_500]
    assert world.center.bearings[0].version == "9"


async def test_who_found_nothing_says_so() -> None:
    """The center hears that the location is there."""
    world = World()
    await world.remit.once()
    assert world.center.parcels == {}
    assert len(world.center.bearings) == 1


async def test_a_place_that_is_cut_off_says_so_where_it_can() -> None:
    """The way to the center may be the only one that is left."""
    world = World()
    world.is_cut_off = True
    await world.remit.once()
    assert [one.is_cut_off for one in world.center.bearings] == [True]


@pytest.mark.parametrize("failure", [Unavailable("away"), Forbidden("another key")])
async def test_what_cannot_be_handed_over_now_is_kept(failure: SightlineError) -> None:
    """All of it is there when the center is back, in its order."""
    world = World()
    world.center.fails = failure
    await world.find(3)
    for _ in range(3):
        with pytest.raises(type(failure)):
            await world.remit.once()
        await world.find(2)
    world.center.fails = None
    await world.remit.once()
    assert [one.count for one in world.center.parcels.values()] == [3, 2, 2, 2]


async def test_a_parcel_whose_answer_was_lost_keeps_its_name() -> None:
    """So that the center knows it when it comes again."""
    world = World()
    world.center.answers_lost = True
    await world.find(3)
    with pytest.raises(Unavailable):
        await world.remit.once()
    world.center.answers_lost = False
    await world.remit.once()
    assert len(world.center.bearings) == 2
    assert [one.count for one in world.center.parcels.values()] == [3]


async def test_what_was_lost_is_told_first_and_once() -> None:
    """Results that found no room are told of when the center is back."""
    world = World(most=10)
    world.center.fails = Unavailable("away")
    for _ in range(4):
        await world.find(5)
    with pytest.raises(Unavailable):
        await world.remit.once()
    world.center.fails = None
    await world.remit.once()
    await world.remit.once()
    assert [*world.center.parcels] == ["lost 10", "p2", "p3"]


async def test_what_would_be_refused_again_does_not_stop_the_rest() -> None:
    """It counts as lost, which is told."""
    world = World()
    await world.find(4)
    await world.find(1)
    world.center.fails = BadData("never")
    with pytest.raises(BadData):
        await world.remit.once()
    world.center.fails = None
    await world.remit.once()
    assert [*world.center.parcels] == ["lost 4", "p1"]


async def test_one_parcel_to_blame_costs_no_other() -> None:
    """Where several go together, the first goes alone then."""
    world = World()
    for number in (4, 3, 2, 1):
        await world.find(number)
    world.center.refuses = "p2"
    with pytest.raises(BadData):
        await world.remit.once()
    await world.remit.once()
    assert [*world.center.parcels] == ["p0", "p1", "lost 2", "p3"]


async def test_many_parcels_go_together() -> None:
    """What gathered in an hour is there after a few calls."""
    world = World()
    world.center.fails = Unavailable("away")
    for _ in range(360):
        await world.find(1)
    world.center.fails = None
    await world.remit.once()
    assert len(world.center.parcels) == 360
    assert [one.waiting for one in world.center.bearings] == [360, 260, 160, 60]


async def test_spans_go_the_same_way() -> None:
    """In parcels of their own."""
    world = World()
    span = Span(trace_id="a", span_id="b", name="GET", service="sightline", starts_at=1, nanoseconds=1)
    await world.remit.keep_spans([(DEFAULT_TENANT, span)])
    await world.remit.once()
    assert [(one.count, one.body) for one in world.center.parcels.values()] == [(0, b"x")]


async def test_orders_fill_the_roster() -> None:
    """What the center says is what is probed, until it says something else."""
    world = World()
    check = Check(1, Definition(name="a", url="x:1", options=Tcp()), 0, 0)
    world.center.set(check)
    before, changed = world.obey.has_orders, await world.obey.once()
    assert (before, changed, world.obey.has_orders) == (False, True, True)
    assert [one for _, one, _ in world.roster.checks()] == [check]
    assert world.roster.generation == 1
    world.center.fails = Unavailable("away")
    with pytest.raises(Unavailable):
        await world.obey.once()
    assert len(world.roster.checks()) == 1


async def test_references_come_with_orders() -> None:
    """And with each of them anew; none are references too."""
    world = World()
    references = (Reference("192.0.2.1", 443),)
    world.center.set(references=references)
    await world.obey.once()
    world.center.set()
    await world.obey.once()
    assert world.referred == [references, ()]


async def test_checks_that_cannot_be_judged_here_are_named() -> None:
    """As those of a newer version; the others are probed."""
    world = World()
    good = Check(1, Definition(name="good", url="x:1", options=Tcp()), 0, 0)
    bad = Check(2, Definition(name="bad", url="x:1", options=Tcp(), conditions=("flux > 88",)), 0, 0)
    world.center.set(good, bad, unread=("newer",))
    await world.obey.once()
    assert [one for _, one, _ in world.roster.checks()] == [good]
    assert world.obey.unread == ("newer", "bad")


async def test_time_is_the_centers() -> None:
    """From the first orders on results bear its time, and how far ours is from it is told; setting ours changes nothing."""
    world = World()
    assert (world.aligned.now(), world.aligned.skew) == (START, None)
    world.center.set()
    await world.obey.once()
    assert (world.aligned.now(), world.aligned.skew) == (START + 60_000, -60_000)
    world.clock.jump(3_600_000)
    assert (world.aligned.now(), world.aligned.skew) == (START + 60_000, 3_540_000)
    await world.remit.once()
    assert world.center.bearings[-1].skew == 3_540_000
