"""What fails counts once it is known that the place was not cut off itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict
from tests.domain.probes.checks import result

from sightline.adapters.inbound.scouting import scouting
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.scout import MemoryScout
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.vouch import Vouch
from sightline.domain.probes.outcome import Reason
from sightline.domain.probes.reference import Reference
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import LOCAL, Tenant

pytestmark = pytest.mark.anyio

UP, DOWN = Verdict.UP, Verdict.DOWN
NEAR, FAR = Reference("gateway.test", 22), Reference("192.0.2.1", 443)


class World:
    """Results at a place, at a time that the test moves. told: what became of them, in order. logged: lines of the log."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.scout = MemoryScout(self.clock)
        self.telemetry = MemoryTelemetry()
        self.told: list[Result] = []
        self.logged: list[EventDict] = []
        self.vouch = Vouch(self.scout, self._tell, self.clock, self.telemetry, location="oslo", references=(NEAR, FAR))

    def _tell(self, row: tuple[Tenant, Result]) -> None:
        self.told.append(row[1])

    def found(self, verdict: Verdict, check: int = 1, seconds: float = 0.1) -> None:
        """A probe that ends now."""
        one = result(verdict, self.clock.now() - int(1_000 * seconds), check)
        self.vouch.take((LOCAL.tenant, one))

    def shown(self) -> list[tuple[int, Reason]]:
        """Check and reason of what was told."""
        return [(one.check, one.reason) for one in self.told]

    @property
    def gauge(self) -> dict[str, float]:
        """What says whether a place is cut off, by place."""
        families = {one.instrument.name: one for one in self.telemetry.families()}
        points = families["sightline_location_cut_off"].points
        return {dict(point.labels)["location"]: point.value for point in points}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """With a first round, a while ago."""
    found = World()
    with capture_logs() as found.logged:
        async with scouting(found.vouch):
            await found.clock.advance(4)
            yield found


async def test_references_are_tried_every_five_seconds(world: World) -> None:
    """And no more often where nothing asks for it."""
    await world.clock.advance(16)
    assert world.scout.rounds == [0, 5, 10, 15, 20]
    assert world.gauge == {"oslo": 0}


async def test_what_succeeds_passes_at_once_whatever_references_say(world: World) -> None:
    """Nobody is asked for it."""
    world.scout.is_cut_off = True
    await world.clock.advance(4)
    world.found(UP)
    assert world.shown() == [(1, Reason.OK)]


@pytest.mark.parametrize("reason", [Reason.STALLED, Reason.NOT_PERMITTED, Reason.DEFECT])
async def test_what_says_that_nobody_can_tell_passes_as_it_is(world: World, reason: Reason) -> None:
    """For the reason that it has; no reference is tried for it."""
    world.vouch.take((LOCAL.tenant, result(DOWN, world.clock.now(), reason=reason)))
    assert world.shown() == [(1, reason)]
    world.scout.is_cut_off = True
    await world.clock.advance(4)
    world.vouch.take((LOCAL.tenant, result(DOWN, world.clock.now(), reason=reason)))
    assert world.shown() == [(1, reason)] * 2


async def test_what_fails_counts_after_a_round_that_reached_something(world: World) -> None:
    """One that began after it, at once."""
    world.scout.seconds = 0.5
    world.found(DOWN)
    await world.clock.advance(0.4)
    assert world.told == []
    await world.clock.advance(0.1)
    assert world.shown() == [(1, Reason.REFUSED)]
    assert world.scout.rounds == [0, 4]


async def test_what_fails_while_nothing_is_reached_says_that_nobody_can_tell(world: World) -> None:
    """It does not win the race against the discovery, and those that follow need no round of their own."""
    world.scout.is_cut_off = True
    world.scout.seconds = 2
    world.found(DOWN)
    await world.clock.advance(2)
    world.found(DOWN, 2)
    assert world.shown() == [(1, Reason.CUT_OFF), (2, Reason.CUT_OFF)]
    assert "gateway.test:22, 192.0.2.1:443" in world.told[0].message
    assert world.told[0].verdict is DOWN
    assert world.gauge == {"oslo": 1}
    assert world.vouch.is_cut_off


async def test_a_round_under_way_is_too_old_for_what_fails_meanwhile(world: World) -> None:
    """What it reached it may have reached before the cable was cut."""
    world.scout.seconds = 2
    world.found(DOWN)
    await world.clock.advance(1)
    world.found(DOWN, 2)
    await world.clock.advance(1)
    assert world.shown() == [(1, Reason.REFUSED)]
    world.scout.is_cut_off = True
    await world.clock.advance(2)
    assert world.shown() == [(1, Reason.REFUSED), (2, Reason.CUT_OFF)]


async def test_a_probe_that_began_while_the_place_was_cut_off_is_doubtful_to_its_end(world: World) -> None:
    """It timed out after the cable was mended; the next one counts."""
    world.scout.is_cut_off = True
    await world.clock.advance(2)
    world.scout.is_cut_off = False
    await world.clock.advance(6)
    world.vouch.take((LOCAL.tenant, result(DOWN, world.clock.now())))
    slow = result(DOWN, world.clock.now() - 10_000, 2)
    world.vouch.take((LOCAL.tenant, _took(slow, 10)))
    await world.clock.advance(2)
    assert world.shown() == [(1, Reason.REFUSED), (2, Reason.CUT_OFF)]


async def test_other_checks_do_not_wait(world: World) -> None:
    """What follows of the same check does, so that its results stay in order."""
    world.scout.seconds = 1
    world.found(DOWN, 1)
    await world.clock.advance(0.1)
    world.found(UP, 2)
    world.found(UP, 1)
    assert world.shown() == [(2, Reason.OK)]
    await world.clock.advance(5)
    assert world.shown() == [(2, Reason.OK), (1, Reason.REFUSED), (1, Reason.OK)]


async def test_thousands_that_fail_share_a_round_a_second(world: World) -> None:
    """References are other people's."""
    for check in range(1_000):
        world.found(DOWN, check)
        await asyncio.sleep(0)
    await world.clock.advance(2)
    assert len(world.told) == 1_000
    assert len(world.scout.rounds) <= 3


async def test_what_failed_before_waits_for_a_regular_round(world: World) -> None:
    """It may be the third failure that turns a check, and the cable was cut after the first."""
    world.found(DOWN)
    await world.clock.advance(1)
    for _ in range(3):
        world.found(DOWN)
        await world.clock.advance(1)
    assert world.shown() == [(1, Reason.REFUSED)]
    assert world.scout.rounds == [0, 4]
    await world.clock.advance(1)
    assert world.shown() == [(1, Reason.REFUSED)] * 4
    world.scout.is_cut_off = True
    world.found(DOWN)
    await world.clock.advance(5)
    assert world.shown()[-1] == (1, Reason.CUT_OFF)
    assert world.scout.rounds == [0, 4, 9, 14]


async def test_what_is_well_again_waits_a_second_at_most(world: World) -> None:
    """Behind what failed just before, for which a round is tried at once then."""
    world.found(DOWN)
    await world.clock.advance(2)
    world.found(DOWN)
    await world.clock.advance(0.5)
    world.found(UP)
    await world.clock.advance(0)
    assert world.shown() == [(1, Reason.REFUSED), (1, Reason.REFUSED), (1, Reason.OK)]


async def test_what_is_dead_is_down_once_the_place_is_back(world: World) -> None:
    """A round says that it is, and the next failure waits for one more."""
    world.scout.is_cut_off = True
    world.found(DOWN)
    await world.clock.advance(1)
    world.scout.is_cut_off = False
    await world.clock.advance(6)
    world.found(DOWN)
    await world.clock.advance(1)
    assert world.shown() == [(1, Reason.CUT_OFF), (1, Reason.REFUSED)]


async def test_without_references_everything_passes(world: World) -> None:
    """Also what waited for a round; nobody is asked any more."""
    world.scout.seconds = 1
    world.found(DOWN)
    await world.clock.advance(0.1)
    world.vouch.refer(())
    assert world.shown() == [(1, Reason.REFUSED)]
    world.found(DOWN, 2)
    assert world.shown()[-1] == (2, Reason.REFUSED)
    rounds = len(world.scout.rounds)
    await world.clock.advance(60)
    assert len(world.scout.rounds) == rounds
    assert world.gauge == {"oslo": 0}


async def test_other_references_are_tried_before_anything_counts(world: World) -> None:
    """What was found out with the ones before is forgotten, a round under way included."""
    world.scout.seconds = 1
    world.found(DOWN)
    await world.clock.advance(0.1)
    world.vouch.refer((FAR,))
    world.scout.is_cut_off = True
    await world.clock.advance(1)
    assert world.told == []
    await world.clock.advance(2)
    assert world.shown() == [(1, Reason.CUT_OFF)]
    assert world.told[0].message.endswith("(192.0.2.1:443)")


async def test_being_cut_off_and_back_is_logged_once_each(world: World) -> None:
    """With what was tried."""
    world.scout.is_cut_off = True
    await world.clock.advance(20)
    world.scout.is_cut_off = False
    await world.clock.advance(20)
    assert [(one["log_level"], one["tried"]) for one in world.logged] == [
        ("warning", "gateway.test:22, 192.0.2.1:443"),
        ("info", "gateway.test:22, 192.0.2.1:443"),
    ]


async def test_a_defect_costs_a_round_and_holds_nothing_for_ever(world: World) -> None:
    """Nobody can tell then; the next round is tried as ever."""
    world.scout.fails = ZeroDivisionError()
    world.found(DOWN)
    await world.clock.advance(1)
    assert world.shown() == [(1, Reason.CUT_OFF)]
    assert "defect" in world.logged[0]["event"]
    world.scout.fails = None
    await world.clock.advance(5)
    assert not world.vouch.is_cut_off


def _took(one: Result, seconds: float) -> Result:
    return Result(
        check=one.check, location=one.location, at=one.at, seconds=seconds, verdict=one.verdict, reason=one.reason
    )


async def test_nothing_is_told_of_a_check_that_is_gone_or_changed(world: World) -> None:
    """What waits of it is dropped, and what waits of others is told in its turn, though a round is under way."""
    world.scout.seconds = 1
    for check in (1, 2, 1):
        world.found(DOWN, check)
    await world.clock.advance(0.5)
    world.vouch.forget(LOCAL.tenant, 1)
    world.found(DOWN, 1)
    world.found(DOWN, 3)
    await world.clock.advance(0.5)
    assert world.shown() == [(2, Reason.REFUSED)]
    await world.clock.advance(1)
    assert world.shown() == [(2, Reason.REFUSED), (1, Reason.REFUSED), (3, Reason.REFUSED)]


async def test_a_check_that_changed_fails_for_the_first_time_anew(world: World) -> None:
    """A round is tried for it at once."""
    world.found(DOWN)
    await world.clock.advance(1)
    world.vouch.forget(LOCAL.tenant, 1)
    world.found(DOWN)
    await world.clock.advance(0)
    assert world.shown() == [(1, Reason.REFUSED)] * 2
