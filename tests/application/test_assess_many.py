"""Very many checks: a change of one costs as much as one, and what befalls all of them holds up nobody."""

import pytest
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition

from sightline.domain.probes.state import CheckState
from sightline.domain.tenancy import LOCAL


@pytest.fixture
def world() -> UptimeWorld:
    return UptimeWorld()


async def test_a_new_check_is_compared_with_windows_alone(world: UptimeWorld) -> None:
    """It is in maintenance from the next tick on; the others are not looked at for its sake."""
    await world.with_checks("a", "b")
    world.windows.cover("late")
    await world.tick()
    world.windows.asked.clear()
    (late,) = await world.enroll.add(LOCAL, [definition("late")])
    await world.tick()
    assert world.windows.asked == ["late"]
    assert world.state(late) is CheckState.MAINTENANCE
