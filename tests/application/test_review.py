"""Looking back on several checks at once."""

from collections.abc import Mapping

import pytest
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition, result
from typing_extensions import override

from sightline.adapters.outbound.memory.probe_history import MemoryProbeHistory
from sightline.domain.probes.result import Brief, Result, Verdict
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import DAY, MINUTE, TimeRange


class Counting(MemoryProbeHistory):
    """Counts how it is read. one_by_one: checks whose results were asked for alone. together: reads of several."""

    def __init__(self) -> None:
        super().__init__()
        self.one_by_one: list[int] = []
        self.together = 0

    @override
    async def latest(
        self, tenant: Tenant, check: int, limit: int, within: TimeRange, location: str = ""
    ) -> list[Result]:
        self.one_by_one.append(check)
        return await super().latest(tenant, check, limit, within, location)

    @override
    async def newest(self, tenant: Tenant, since: Mapping[int, int], limit: int) -> Mapping[int, list[Brief]]:
        self.together += 1
        found = await super().newest(tenant, since, limit)
        self.one_by_one.clear()
        return found


@pytest.fixture
def world() -> UptimeWorld:
    world = UptimeWorld()
    world.history = Counting()
    world.start()
    return world


def at(check: int, ago: int) -> tuple[Tenant, Result]:
    """A probe so many minutes before the world began."""
    return LOCAL.tenant, result(Verdict.UP, UptimeWorld().now - ago * MINUTE, check)


async def test_the_strips_of_many_checks_are_one_read(world: UptimeWorld) -> None:
    """With what is not stored yet among them; whoever is not there is left out."""
    history = world.history
    assert isinstance(history, Counting)
    checks = await world.with_checks(*(f"c{number}" for number in range(20)))
    await history.append([at(one.id, ago) for one in checks for ago in range(1, 6)])
    world.keep.add([at(1, 0), at(1, 1)])
    strips = await world.review.strips(LOCAL, [one.id for one in checks] + [99, 1], 3)
    assert list(strips) == [one.id for one in checks]
    assert [one.at for one in strips[1]] == [at(1, ago)[1].at for ago in range(3)]
    assert [one.at for one in strips[2]] == [at(2, ago)[1].at for ago in range(1, 4)]
    assert (history.together, history.one_by_one) == (1, [])


async def test_a_check_that_was_not_probed_lately_has_a_strip_of_what_it_had(world: UptimeWorld) -> None:
    """Such as one that is paused; that is looked for alone, and not of a check that is as young as its results."""
    history = world.history
    assert isinstance(history, Counting)
    old, _ = await world.with_checks("old", "busy")
    await history.append([at(old.id, 60 * ago) for ago in range(1, 9)])
    await world.clock.advance(DAY / 1_000)
    (young,) = await world.enroll.add(LOCAL, [definition("young")])
    await history.append([(LOCAL.tenant, result(Verdict.DOWN, world.now - ago, 2)) for ago in range(5)])
    strips = await world.review.strips(LOCAL, [old.id, 2, young.id], 3)
    assert {check: len(its) for check, its in strips.items()} == {old.id: 3, 2: 3, young.id: 0}
    assert history.one_by_one == [old.id]
