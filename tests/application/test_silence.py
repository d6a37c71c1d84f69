"""Silences that are kept: made, edited, ended, forgotten."""

import json
from dataclasses import replace
from itertools import count

import pytest

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.wire import silence as wire
from sightline.application.silence import SILENCE_KIND, SilenceCodec, Silences
from sightline.domain.alerts.silence import KEPT_EXPIRED, Silence, SilenceState
from sightline.domain.alerts.time_intervals import (
    Span,
    TimeInterval,
    parse_days_of_month,
    parse_location,
    parse_months,
    parse_times,
    parse_years,
)
from sightline.domain.errors import Conflict, NotFound, TooManySilences
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import HOUR, MINUTE

NOW = 1_763_700_000_000
OTHER = Principal("else", Tenant("other"))
ALERT = Labels.of(alertname="Down", instance="db")


class World:
    """A catalog, a clock, and silences that are kept there."""

    def __init__(self, most: int = 100) -> None:
        self.catalog = MemoryCatalog()
        self.clock = ManualClock(NOW)
        self.most = most
        self.names = map(str, count(1))
        self.silences = self.started()

    def started(self) -> Silences:
        """As after another start; nothing is loaded yet."""
        codec = SilenceCodec(wire.to_json, wire.from_json)
        return Silences(self.catalog, codec, self.clock, lambda: next(self.names), most=self.most)

    def silence(self, starts_in: int = 0, ends_in: int = HOUR, value: str = "db", silence_id: str = "") -> Silence:
        """One, from and until some ms ahead."""
        now = self.clock.now()
        matchers = (Matcher("instance", MatchOp.EQUAL, value),)
        return Silence(matchers, now + starts_in, now + ends_in, "ada", "works", id=silence_id)

    def states(self) -> dict[str, str]:
        """By id."""
        return {one.id: one.state(self.clock.now()).value for one in self.silences.all(LOCAL)}


@pytest.fixture
def world() -> World:
    """A fresh one."""
    return World()


async def test_a_silence_holds_at_once_and_until_it_ends(world: World) -> None:
    """What is looked up follows changes and the clock."""
    assert world.silences.silencing(LOCAL.tenant).ids(ALERT) == ()
    made = await world.silences.put(LOCAL, world.silence(starts_in=-HOUR))
    assert (made.id, made.starts_at, made.updated_at) == ("1", NOW, NOW)
    first = world.silences.silencing(LOCAL.tenant)
    assert first.ids(ALERT) == ("1",)
    assert world.silences.silencing(LOCAL.tenant) is first
    assert world.silences.silencing(OTHER.tenant).ids(ALERT) == ()
    world.clock.jump(HOUR)
    assert world.silences.silencing(LOCAL.tenant).ids(ALERT) == ()
    assert world.states() == {"1": "expired"}


async def test_an_edit_keeps_the_id_where_it_can(world: World) -> None:
    """A new end keeps it; other matchers end it and make another."""
    await world.silences.put(LOCAL, world.silence())
    world.clock.jump(MINUTE)
    longer = await world.silences.put(LOCAL, replace(world.silences.one(LOCAL, "1"), ends_at=NOW + 2 * HOUR))
    assert (longer.id, longer.updated_at) == ("1", NOW + MINUTE)
    other = await world.silences.put(LOCAL, world.silence(value="web", silence_id="1"))
    assert other.id == "2"
    assert world.states() == {"1": "expired", "2": "active"}
    assert world.silences.one(LOCAL, "1").ends_at == NOW + MINUTE
    again = await world.silences.put(LOCAL, world.silence(silence_id="1"))
    assert again.id == "3"
    assert world.silences.one(LOCAL, "1").ends_at == NOW + MINUTE


async def test_ending_one_that_has_not_begun(world: World) -> None:
    """It will have neither begun nor ended later than now, and ending it again changes nothing."""
    await world.silences.put(LOCAL, world.silence(starts_in=MINUTE))
    assert world.states() == {"1": "pending"}
    await world.silences.expire(LOCAL, "1")
    world.clock.jump(MINUTE)
    await world.silences.expire(LOCAL, "1")
    found = world.silences.one(LOCAL, "1")
    assert (found.starts_at, found.ends_at) == (NOW, NOW)


async def test_tenants_are_apart(world: World) -> None:
    """Another tenant neither sees nor changes a silence, nor does it count there."""
    await world.silences.put(LOCAL, world.silence())
    assert world.silences.all(OTHER) == []
    for attempt in (
        world.silences.expire(OTHER, "1"),
        world.silences.put(OTHER, world.silence(silence_id="1")),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        world.silences.one(OTHER, "1")
    assert world.states() == {"1": "active"}


@pytest.mark.parametrize("location", ["", "Local", "Europe/Berlin"])
async def test_all_survives_a_restart(world: World, location: str) -> None:
    """Every field is there again, of every tenant, and edits go on."""
    window = TimeInterval(
        times=(parse_times("00:00", "24:00"), parse_times("02:00", "04:30")),
        weekdays=(Span(0, 0), Span(1, 5)),
        days_of_month=(parse_days_of_month("-3:-1"),),
        months=(parse_months("may:august"),),
        years=(parse_years("2026"),),
        zone=parse_location(location),
    )
    matchers = tuple(Matcher(f"é {op.name}", op, 'a"b') for op in MatchOp)
    weekly = replace(world.silence(), matchers=matchers, recurrence=(window, TimeInterval()), ends_at=None)
    await world.silences.put(LOCAL, weekly)
    await world.silences.put(OTHER, world.silence())
    after = world.started()
    await after.load()
    for principal in (LOCAL, OTHER):
        assert after.all(principal) == world.silences.all(principal) != []
    assert after.silencing(OTHER.tenant).ids(ALERT) == ("2",)
    await after.expire(OTHER, "2")
    assert after.one(OTHER, "2").state(NOW) is SilenceState.EXPIRED


async def test_the_first_change_knows_what_was_there(world: World) -> None:
    """Whoever changes silences after a start needs not have them loaded before."""
    await world.silences.put(LOCAL, world.silence())
    after = world.started()
    await after.put(LOCAL, world.silence(ends_in=2 * HOUR, silence_id="1"))
    assert [one.ends_at for one in after.all(LOCAL)] == [NOW + 2 * HOUR]


async def test_what_expired_is_forgotten_after_a_while(world: World) -> None:
    """It is kept for 120 hours, here and in the catalog."""
    await world.silences.put(LOCAL, world.silence(ends_in=HOUR))
    await world.silences.put(LOCAL, world.silence(ends_in=2 * HOUR))
    world.clock.jump(HOUR + KEPT_EXPIRED - 1)
    await world.silences.sweep()
    assert set(world.states()) == {"1", "2"}
    world.clock.jump(1)
    await world.silences.sweep()
    assert set(world.states()) == {"2"}
    assert len(await world.catalog.list(LOCAL.tenant, SILENCE_KIND)) == 1


async def test_their_number_is_bounded() -> None:
    """No more than so many have not expired, and what has expired makes room, the oldest first."""
    world = World(most=2)
    for _ in range(2):
        await world.silences.put(LOCAL, world.silence())
    with pytest.raises(TooManySilences, match=r"alerts\.max_silences"):
        await world.silences.put(LOCAL, world.silence())
    await world.silences.put(OTHER, world.silence())
    for silence_id in ("1", "2", "4", "5", "6"):
        world.clock.jump(MINUTE)
        await world.silences.expire(LOCAL, silence_id)
        await world.silences.put(LOCAL, world.silence(ends_in=24 * HOUR))
    assert world.states() == {"5": "expired", "6": "expired", "7": "active", "8": "active"}


async def test_what_another_process_changed_is_not_overwritten(world: World) -> None:
    """A version that is not known is a conflict, and what is known stays."""
    await world.silences.put(LOCAL, world.silence())
    (document,) = await world.catalog.list(LOCAL.tenant, SILENCE_KIND)
    await world.catalog.put(LOCAL.tenant, SILENCE_KIND, document.key, document.body)
    with pytest.raises(Conflict):
        await world.silences.expire(LOCAL, "1")
    assert world.states() == {"1": "active"}


async def test_one_that_cannot_be_read_costs_only_itself(world: World) -> None:
    """A stored silence with a time zone that is not there any more is told of, and the others hold."""
    await world.silences.put(LOCAL, world.silence())
    (document,) = await world.catalog.list(LOCAL.tenant, SILENCE_KIND)
    body = json.loads(document.body)
    body["recurrence"] = [{"location": "Moon/Base"}]
    await world.catalog.put(LOCAL.tenant, SILENCE_KIND, "bad", json.dumps(body).encode())
    again = world.started()
    await again.load()
    assert [one.id for one in again.all(LOCAL)] == ["1"]
    (problem,) = again.problems
    assert "the silence bad cannot be used: " in problem
    assert "Moon/Base" in problem
