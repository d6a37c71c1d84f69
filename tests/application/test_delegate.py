"""Probing, delegated to locations."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from typing_extensions import override

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.spans import MemorySpans
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.delegate import MAX_LOCATIONS, Delegate
from sightline.application.roster import Roster
from sightline.application.tally import Tally
from sightline.domain.errors import (
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.location import Location
from sightline.domain.probes.options import Heartbeat, Tcp
from sightline.domain.probes.parcel import Bearing, Lost, Parcel
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import TimeRange
from sightline.domain.traces.span import Span
from sightline.ports.catalog import Document

pytestmark = pytest.mark.anyio

START = 1_700_000_000_000
OTHERS = Principal("somebody", Tenant("other"))


class FlakyCatalog(MemoryCatalog):
    """A catalog that can be away."""

    is_away = False

    @override
    async def put(self, tenant: Tenant, kind: str, key: str, body: bytes, expected: int | None = None) -> Document:
        if self.is_away:
            raise Unavailable("the catalog is away")
        return await super().put(tenant, kind, key, body, expected)


class World:
    """Locations, over checks and a store that the test has in its hands."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.catalog = FlakyCatalog()
        self.telemetry = MemoryTelemetry()
        self.spans = MemorySpans()
        self.roster = Roster()
        self.stored: list[tuple[Tenant, Result]] = []
        self.written: list[int] = []
        self.gone: list[tuple[Tenant, str]] = []
        self.failure: Exception | None = None
        self.enroll(check(1), check(2, locations=("oslo",)), check(3, locations=("rome",)))
        self._keys = count(1)
        self.references: tuple[Reference, ...] = ()
        self.delegate = self.anew()

    def anew(self) -> Delegate:
        """The use case, as a new start has it."""
        return Delegate(
            self.catalog,
            self.roster,
            self.take,
            self.spans.append,
            self.write,
            self.clock,
            self.telemetry,
            lambda: f"key {next(self._keys)}",
            self.references,
            lambda tenant, name: self.gone.append((tenant, name)),
        )

    def write(self, checks: Sequence[Check], references: Sequence[Reference]) -> tuple[str, bytes]:
        """Checks as the wire has them."""
        self.written.append(len(checks))
        return str([*((one.id, one.version) for one in checks), *references]), b"[]"

    def enroll(self, *checks: Check, tenant: Tenant = LOCAL.tenant) -> None:
        """These are the checks from now on."""
        self.roster.replace([(tenant, one, Judge.of(one.definition)) for one in checks])

    async def take(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        """Store results, or not."""
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.stored.extend(results)

    async def location(self, name: str = "oslo") -> Location:
        """A location that is there."""
        return (await self.delegate.add(LOCAL, name))[0].location

    def counted(self) -> dict[str, float]:
        """Results by what became of them."""
        points = [
            p for f in self.telemetry.families() for p in f.points if p.name == "sightline_location_results_total"
        ]
        return {dict(point.labels)["outcome"]: point.value for point in points}


def check(number: int, *, version: int = 1, **words: Any) -> Check:
    """A check of that id."""
    return Check(number, Definition(name=f"c{number}", url="x:1", options=Tcp(), **words), 0, 0, version)


def result(number: int, at: int = START, location: str = "oslo") -> Result:
    """One of a check."""
    return Result(check=number, location=location, at=at, seconds=0.1, verdict=Verdict.UP)


async def test_a_location_is_added_with_a_key_that_is_shown_once() -> None:
    """The key admits the location, and nothing that is kept has it."""
    world = World()
    status, key = await world.delegate.add(LOCAL, "oslo", "by the sea")
    assert (status.location.name, status.location.description, status.location.created_at) == (
        "oslo",
        "by the sea",
        START,
    )
    assert (status.checks, status.heard) == (2, None)
    assert (await world.delegate.admit(key, "oslo")).name == "oslo"
    documents = await world.catalog.list(LOCAL.tenant, "location")
    assert all(key.encode() not in one.body for one in documents)


async def test_locations_survive_a_restart() -> None:
    """Their keys admit them as before."""
    world = World()
    _, key = await world.delegate.add(OTHERS, "oslo")
    again = world.anew()
    assert (await again.admit(key, "oslo")).tenant == "other"
    assert [one.location.name for one in await again.all(OTHERS)] == ["oslo"]


@pytest.mark.parametrize("name", ["", "local", "a b", "-a", "ä", "x" * 64])
async def test_names_that_cannot_be_are_refused(name: str) -> None:
    """The message names the field."""
    with pytest.raises(InvalidField, match="name"):
        await World().delegate.add(LOCAL, name)


async def test_a_name_is_taken_once_in_a_tenant() -> None:
    """Another tenant may have the same one, and sees no other."""
    world = World()
    await world.location()
    await world.delegate.add(OTHERS, "oslo")
    with pytest.raises(Conflict, match="oslo"):
        await world.delegate.add(LOCAL, "oslo")
    assert [one.location.tenant for one in await world.delegate.all(OTHERS)] == ["other"]
    with pytest.raises(NotFound):
        await world.delegate.one(OTHERS, "rome")


async def test_there_are_so_many_locations_and_no_more() -> None:
    """One more is a conflict."""
    world = World()
    for number in range(MAX_LOCATIONS):
        await world.location(f"l{number}")
    with pytest.raises(Conflict, match="100"):
        await world.location("another")


async def test_a_new_key_shuts_out_the_old_one() -> None:
    """As does removing the location."""
    world = World()
    _, first = await world.delegate.add(LOCAL, "oslo")
    _, second = await world.delegate.rekey(LOCAL, "oslo")
    with pytest.raises(Unauthenticated):
        await world.delegate.admit(first, "oslo")
    location = await world.delegate.admit(second, "oslo")
    await world.delegate.remove(LOCAL, "oslo")
    with pytest.raises(Unauthenticated):
        await world.delegate.admit(second, "oslo")
    with pytest.raises(Unauthenticated):
        await world.delegate.take(location, (Parcel(id="p"),), Bearing())
    with pytest.raises(NotFound):
        await world.delegate.remove(LOCAL, "oslo")
    assert await world.anew().all(LOCAL) == []


async def test_what_is_said_of_a_location_can_change() -> None:
    """Its key stays as it is."""
    world = World()
    _, key = await world.delegate.add(LOCAL, "oslo")
    status = await world.delegate.describe(LOCAL, "oslo", "in the hills")
    assert status.location.description == "in the hills"
    assert await world.delegate.admit(key, "oslo") == status.location


@pytest.mark.parametrize("key", ["", "key 7", "*"])
async def test_another_key_admits_nobody(key: str) -> None:
    """Nor does none."""
    world = World()
    await world.location()
    with pytest.raises(Unauthenticated, match="locations add"):
        await world.delegate.admit(key, "oslo")


async def test_a_key_is_for_one_name() -> None:
    """A location that takes itself for another is told."""
    world = World()
    _, key = await world.delegate.add(LOCAL, "oslo")
    with pytest.raises(Forbidden, match="'oslo', not 'rome'"):
        await world.delegate.admit(key, "rome")


async def test_a_location_is_given_its_own_checks_alone() -> None:
    """Those that name it or none, are switched on, are the tenant's, and ask something out there."""
    world = World()
    world.enroll(check(1), check(2, locations=("rome",)), check(3, enabled=False))
    location = await world.location()
    first = await world.delegate.assigned(location, "", 0)
    assert first is not None
    assert (first.tag, first.count) == ("[(1, 1)]", 1)
    world.roster.replace([(OTHERS.tenant, check(4), Judge.of(check(4).definition))])
    second = await world.delegate.assigned(location, first.tag, 0)
    assert second is not None
    assert second.count == 0
    late = Check(5, Definition(name="h", options=Heartbeat()), 0, 0)
    world.enroll(late)
    assert await world.delegate.assigned(location, second.tag, 0) is None


async def test_a_location_is_told_the_references_with_its_orders() -> None:
    """Others are other orders, as after a restart with other settings; whether it reaches them is known from then on."""
    world = World()
    location = await world.location()
    plain = await world.delegate.assigned(location, "", 0)
    world.references = (Reference("192.0.2.1", 443),)
    world.delegate = world.anew()
    location = (await world.delegate.one(LOCAL, "oslo")).location
    assert plain is not None
    found = await world.delegate.assigned(location, plain.tag, 0)
    assert found is not None
    assert (found.references, found.count) == (world.references, plain.count)
    for is_cut_off in (True, False):
        await world.delegate.take(location, (), Bearing(is_cut_off=is_cut_off))
        heard = (await world.delegate.one(LOCAL, "oslo")).heard
        assert heard is not None
        assert heard.bearing.is_cut_off is is_cut_off
        points = [
            one for f in world.telemetry.families() for one in f.points if one.name == "sightline_location_cut_off"
        ]
        assert [(point.labels, point.value) for point in points] == [((("location", "oslo"),), is_cut_off)]


async def test_who_knows_its_orders_waits_for_others() -> None:
    """A change that is the location's is told at once, any other is waited out."""
    world = World()
    location = await world.location()
    known = await world.delegate.assigned(location, "", 20)
    assert known is not None
    waiting = asyncio.create_task(world.delegate.assigned(location, known.tag, 20))
    await world.clock.advance(5)
    world.enroll(check(1), check(2, locations=("oslo",)))
    await world.clock.advance(5)
    assert not waiting.done()
    world.enroll(check(1, version=2))
    await world.clock.advance(0)
    found = waiting.result()
    assert found is not None
    assert found.tag == "[(1, 2)]"
    waiting = asyncio.create_task(world.delegate.assigned(location, found.tag, 20))
    await world.clock.advance(20)
    assert waiting.result() is None


async def test_nobody_waits_when_the_program_stops() -> None:
    """Calls that were held back end."""
    world = World()
    location = await world.location()
    known = await world.delegate.assigned(location, "", 0)
    assert known is not None
    waiting = asyncio.create_task(world.delegate.assigned(location, known.tag, 20))
    await world.clock.advance(1)
    world.delegate.close()
    await world.clock.advance(0)
    assert waiting.result() is None


async def test_before_the_checks_are_read_nobody_is_told_anything() -> None:
    """A location keeps its orders and its results until then."""
    world = World()
    location = await world.location()
    world.roster._generation = 0
    with pytest.raises(Unavailable):
        await world.delegate.assigned(location, "", 0)
    with pytest.raises(Unavailable):
        await world.delegate.take(location, (Parcel(id="p", results=(result(1),)),), Bearing())
    assert world.stored == []


async def test_results_are_taken_of_the_checks_of_a_location() -> None:
    """Others, and those of impossible times, are refused and counted; all are stored under the location's own name."""
    world = World()
    location = await world.location()
    good = (result(1), result(2), result(1, START - 86_400_000, "local"))
    bad = (result(3), result(99), result(1, START + 600_000), result(1, START - 8 * 86_400_000))
    receipt = await world.delegate.take(location, (Parcel(id="p", results=(*good, *bad)),), Bearing())
    assert (receipt.taken, receipt.refused, receipt.now) == (3, 4, START)
    assert [(tenant, one.check, one.location) for tenant, one in world.stored] == [
        ("default", 1, "oslo"),
        ("default", 2, "oslo"),
        ("default", 1, "oslo"),
    ]
    assert world.counted() == {"taken": 3, "refused": 4}


async def test_a_parcel_is_taken_once_however_often_it_comes() -> None:
    """Also when it comes again while it is being taken in."""
    world = World()
    location = await world.location()
    parcel = Parcel(id="p", results=(result(1),))
    first, second = await asyncio.gather(*(world.delegate.take(location, (parcel,), Bearing()) for _ in range(2)))
    assert first == second
    assert await world.delegate.take(location, (parcel,), Bearing()) == first
    assert len(world.stored) == 1
    assert world.counted() == {"taken": 1}


async def test_parcels_that_come_together_are_stored_together() -> None:
    """Those among them that were taken before, or stand there twice, are not stored again."""
    world = World()
    location = await world.location()
    first, second = (Parcel(id=name, results=(result(1, START - at),)) for at, name in enumerate("ab"))
    await world.delegate.take(location, (first,), Bearing())
    receipt = await world.delegate.take(location, (first, second, second), Bearing())
    assert receipt.taken == 3
    assert [one.at for _, one in world.stored] == [START, START - 1]
    assert world.counted() == {"taken": 2}


async def test_what_cannot_be_stored_is_not_acknowledged() -> None:
    """It is taken when it comes again."""
    world = World()
    location = await world.location()
    parcel = Parcel(id="p", results=(result(1),))
    world.failure = Unavailable("away")
    with pytest.raises(Unavailable):
        await world.delegate.take(location, (parcel,), Bearing())
    assert world.delegate.heard_at(LOCAL.tenant, "oslo") is None
    world.failure = None
    assert (await world.delegate.take(location, (parcel,), Bearing())).taken == 1


async def test_spans_are_kept_under_the_tenant() -> None:
    """They come in parcels of their own or with results."""
    world = World()
    location = (await world.delegate.add(OTHERS, "oslo"))[0].location
    span = Span(trace_id="a" * 32, span_id="b" * 16, name="GET", service="sightline", starts_at=1, nanoseconds=1)
    await world.delegate.take(location, (Parcel(id="p", spans=(span,)),), Bearing())
    assert await world.spans.trace(OTHERS.tenant, "a" * 32) == [span]


async def test_it_is_known_when_a_location_was_last_heard() -> None:
    """An empty parcel is enough, and tells how the location is doing."""
    world = World()
    location = await world.location()
    assert world.delegate.heard_at(LOCAL.tenant, "oslo") is None
    await world.clock.advance(60)
    await world.delegate.take(location, (), Bearing(skew=1_500, waiting=3, version="9"))
    assert world.delegate.heard_at(LOCAL.tenant, "oslo") == START + 60_000
    assert world.delegate.heard_at(OTHERS.tenant, "oslo") is None
    status = await world.delegate.one(LOCAL, "oslo")
    assert status.heard is not None
    assert (status.heard.bearing, status.lost) == (Bearing(skew=1_500, waiting=3, version="9"), None)


async def test_what_a_location_lost_is_told() -> None:
    """It is shown from then on, and counted once."""
    world = World()
    location = await world.location()
    lost = Parcel(id="l", lost=Lost(START - 5_000, START, 12))
    for _ in range(2):
        await world.delegate.take(location, (lost,), Bearing())
    await world.delegate.take(location, (), Bearing())
    assert (await world.delegate.one(LOCAL, "oslo")).lost == lost.lost
    assert world.counted() == {"lost": 12}


@pytest.mark.parametrize(
    ("number", "start", "end", "name", "names"),
    [
        (1, START - 10_000, START, "", ["oslo", "rome"]),
        (1, START - 10_000, START, "rome", ["rome"]),
        (2, START - 10_000, START, "", ["oslo"]),
        (1, START - 4_000, START - 3_000, "", ["oslo", "rome"]),
        (1, START - 5_500, START - 4_500, "", ["oslo"]),
        (1, START + 1, START + 10_000, "", []),
    ],
)
async def test_what_was_lost_is_a_gap_in_what_was_probed_there(
    number: int, start: int, end: int, name: str, names: list[str]
) -> None:
    """Of checks that are probed from there and within the time that is asked for, after a restart too."""
    world = World()
    for place, lost in (("oslo", Lost(START - 5_000, START, 12)), ("rome", Lost(START - 4_000, START, 1))):
        await world.delegate.take(await world.location(place), (Parcel(id=place, lost=lost),), Bearing())
    world.delegate = world.anew()
    definition = next(one.definition for _, one, _ in world.roster.checks() if one.id == number)
    found = await world.delegate.lost(LOCAL.tenant, definition, TimeRange(start, end), name)
    assert [place for place, _ in found] == names
    assert not await world.delegate.lost(OTHERS.tenant, definition, TimeRange(start, end), name)
    status = await world.delegate.one(LOCAL, "rome")
    assert (status.heard, status.lost) == (None, Lost(START - 4_000, START, 1))


async def test_a_loss_that_is_told_again_after_a_restart_is_one() -> None:
    """And with its location it goes: another one of that name lost nothing."""
    world = World()
    parcel = Parcel(id="l", lost=Lost(START - 5_000, START, 12))
    location = await world.location()
    for _ in range(2):
        await world.delegate.take(location, (parcel,), Bearing())
        world.delegate = world.anew()
        await world.delegate.all(LOCAL)
    everything = TimeRange(0, START)
    assert len(await world.delegate.lost(LOCAL.tenant, check(1).definition, everything)) == 1
    await world.delegate.remove(LOCAL, "oslo")
    await world.location()
    assert await world.delegate.lost(LOCAL.tenant, check(1).definition, everything) == []


async def test_a_loss_that_cannot_be_stored_is_not_acknowledged() -> None:
    """It is told again."""
    world = World()
    location = await world.location()
    parcel = Parcel(id="l", lost=Lost(START - 5_000, START, 12))
    world.catalog.is_away = True
    with pytest.raises(Unavailable):
        await world.delegate.take(location, (parcel,), Bearing())
    assert world.counted() == {}
    world.catalog.is_away = False
    await world.delegate.take(location, (parcel,), Bearing())
    assert world.counted() == {"lost": 12}


async def test_locations_that_probe_the_same_are_written_for_once() -> None:
    """Thousands of checks take a while; one that probes others has its own, and so has another tenant's."""
    world = World()
    for principal, name in ((LOCAL, "paris"), (LOCAL, "vienna"), (LOCAL, "oslo"), (OTHERS, "paris")):
        location = (await world.delegate.add(principal, name))[0].location
        assert await world.delegate.assigned(location, "", 0) is not None
    assert world.written == [1, 2, 0]


async def test_who_goes_by_what_locations_say_hears_which_is_gone() -> None:
    """Once it is."""
    world = World()
    await world.location()
    await world.delegate.describe(LOCAL, "oslo", "by the sea")
    assert world.gone == []
    await world.delegate.remove(LOCAL, "oslo")
    assert world.gone == [(LOCAL.tenant, "oslo")]


class SlowCatalog(MemoryCatalog):
    """A catalog that answers lists when it is let. lists: how many were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = 0
        self.gate = asyncio.Event()

    @override
    async def list(self, tenant: Tenant, kind: str) -> list[Document]:
        self.lists += 1
        found = await super().list(tenant, kind)
        await self.gate.wait()
        return found


async def test_losses_are_read_once_however_many_ask_at_once() -> None:
    """What is read late would undo what was added since."""
    catalog = SlowCatalog()
    tally = Tally(catalog)
    both = [asyncio.create_task(tally.load()) for _ in range(2)]
    await asyncio.sleep(0)
    catalog.gate.set()
    await asyncio.gather(*both)
    assert catalog.lists == 1


async def test_what_waits_for_its_turn_while_a_location_is_removed_is_refused() -> None:
    """It would say of checks what nobody says any more."""
    world = World()
    location = await world.location()
    first, second = (
        asyncio.create_task(world.delegate.take(location, [Parcel(id=name, results=(result(1),))], Bearing()))
        for name in "ab"
    )
    await asyncio.sleep(0)
    await world.delegate.remove(LOCAL, "oslo")
    await first
    with pytest.raises(Unauthenticated):
        await second
    assert len(world.stored) == 1
