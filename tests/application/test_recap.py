"""How checks did in a time, for reports."""

from collections.abc import Mapping

import numpy as np
import pytest
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition

from sightline.application.recap import MAX_INCIDENTS, Recap
from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels
from sightline.domain.probes.incident import Incident, IncidentKind
from sightline.domain.probes.options import Domain
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.reports.uptime import UptimeSummary
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, MINUTE, Grid, TimeRange

UP, DOWN = Verdict.UP, Verdict.DOWN


class Latencies:
    """Answers by what an expression begins with. error: is raised in place of any."""

    def __init__(self) -> None:
        self.means: dict[str, float] = {}
        self.most: dict[str, float] = {}
        self.asked: list[str] = []
        self.error: TooManySamples | None = None

    async def instant(self, _: Principal, text: str, at: int, /) -> Answer:
        """The values that were set, by check."""
        self.asked.append(text)
        if self.error is not None:
            raise self.error
        return Answer(Grid.instant(at), vector(self.means if text.startswith("avg") else self.most))


def vector(values: Mapping[str, float]) -> Vector:
    """An instant vector by check."""
    labels = tuple(Labels.of(check=name) for name in values)
    return Vector(labels, np.array([*values.values()], np.float64).reshape(-1, 1), np.ones((len(values), 1), np.bool_))


class World(UptimeWorld):
    """Checks, and what recaps them."""

    def __init__(self) -> None:
        super().__init__()
        self.latencies = Latencies()
        self.recap = Recap(self.assess, self.standings, self.incidents, self.latencies)

    async def recapped(self, length: int = HOUR, principal: Principal = LOCAL) -> UptimeSummary:
        """The last hour, or so."""
        found = await self.recap(principal, TimeRange(self.now - length, self.now))
        assert found is not None
        return found


@pytest.fixture
def world() -> World:
    return World()


async def test_without_checks_there_is_nothing_to_tell(world: World) -> None:
    """Neither for a tenant whose neighbour has some."""
    within = TimeRange(world.now - HOUR, world.now)
    assert await world.recap(LOCAL, within) is None
    await world.with_checks("api")
    assert await world.recap(Principal("ann", Tenant("other")), within) is None


async def test_uptime_is_of_all_checks_and_the_lowest_come_first(world: World) -> None:
    """What failed for longer comes first, what never did not at all; all their time weighs the same."""
    checks = api, web, _ = await world.with_checks("api", "web", "calm", interval=MINUTE)
    for one in checks:
        await world.found(one, UP)
    await world.passed(30)
    await world.found(web, DOWN)
    await world.passed(30)
    await world.found(api, DOWN)
    await world.passed(60)
    found = await world.recapped()
    assert (found.checks, [one.name for one in found.lowest]) == (3, ["web", "api"])
    assert [one.uptime.corrected() for one in found.lowest] == pytest.approx([1 / 4, 1 / 2], abs=0.01)
    assert found.whole.corrected() == pytest.approx((120 + 60 + 30) / 360, abs=0.01)
    assert found.whole.outages == 2


async def test_what_nobody_saw_is_unknown(world: World) -> None:
    """A monitor that was away at the end of the time does not count as up."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    await world.clock.advance(3_600)
    found = await world.recapped()
    assert found.whole.length(CheckState.UNKNOWN) == HOUR - 1  # from the first probe on
    assert found.whole.corrected() is None


async def test_incidents_are_those_that_lead(world: World) -> None:
    """What lasts comes first, then what lasted longest; what follows from another counts beside it."""
    checks = await world.with_checks("short", "long", "open")
    lengths: list[float | None] = [60.0, 120.0, None]
    for check, seconds in zip(checks, lengths, strict=True):
        await world.found(check, DOWN, message=check.name)
        await world.clock.advance(seconds or 1.0)
        if seconds is not None:
            await world.found(check, UP)
    (first, *_) = await world.all_incidents()
    follows = Incident(
        id=0, check=99, kind=IncidentKind.DOWN, started_at=world.now, ended_at=world.now, part_of=first.id
    )
    await world.incidents.open(LOCAL.tenant, follows, [])
    found = await world.recapped()
    assert [one.title for one in found.incidents] == ["open is down", "long is down", "short is down"]
    assert (found.following, found.lasting, found.is_partial) == (1, 1, False)


async def test_of_very_many_incidents_it_is_said_that_there_are_more(world: World) -> None:
    """A report looks at so many."""
    await world.with_checks("api")
    for _ in range(MAX_INCIDENTS):
        one = Incident(id=0, check=1, kind=IncidentKind.DOWN, started_at=world.now, ended_at=world.now)
        await world.incidents.open(LOCAL.tenant, one, [])
    assert (await world.recapped()).is_partial


async def test_the_slowest_checks_are_those_that_are_there(world: World) -> None:
    """By their series of the time; what was deleted has some still, and nobody wants to read of it."""
    await world.with_checks("api", "we.b", "calm")
    world.latencies.means = {"calm": 0.1, "api": 0.2, "gone": 9.0, "we.b": 0.7, "odd": float("nan")}
    world.latencies.most = {"api": 0.5, "we.b": 1.5}
    found = await world.recapped()
    assert [(one.name, one.mean, one.most) for one in found.slowest] == [
        ("we.b", 0.7, 1.5),
        ("api", 0.2, 0.5),
        ("calm", 0.1, None),
    ]
    mean, most = world.latencies.asked
    assert mean.endswith('(avg_over_time(probe_duration_seconds{type!~"heartbeat|promql|composed"}[1h]))')
    assert 'check=~"we\\\\.b|api|calm"' in most


async def test_latencies_that_cannot_be_read_are_left_out(world: World) -> None:
    """The rest of the report is worth having without them, and it says why."""
    await world.with_checks("api")
    world.latencies.error = TooManySamples("the query needs too many samples")
    found = await world.recapped()
    assert (found.slowest, found.slow_problem) == ([], "the query needs too many samples")


async def test_what_ends_soon_is_told_by_what_was_shown_last(world: World) -> None:
    """Of several locations what ends first; a check that warns earlier is told of earlier."""
    near, far, name = await world.enroll.add(
        LOCAL,
        [
            definition("near"),
            definition("far"),
            definition("name", url="example.com", options=Domain(days=60)),
        ],
    )
    await world.assess.load()
    for check, location, days in ((near, "local", 29), (near, "fra", 9), (far, "local", 31), (name, "local", 59)):
        await world.found(check, UP, location, expires_at=world.now + days * DAY)
    found = await world.recapped()
    assert [(one.name, one.what, one.at - world.now) for one in found.endings] == [
        ("near", "certificate", 9 * DAY),
        ("name", "registration", 59 * DAY),
    ]
