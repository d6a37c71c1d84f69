"""Checks that depend on one in maintenance: what is down while people work on it explains what fails behind it."""

import pytest
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition

from sightline.domain.alerts.notice import AlertState
from sightline.domain.probes.check import Check
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState, StateReason
from sightline.domain.tenancy import LOCAL

pytestmark = pytest.mark.anyio

UP, DOWN = Verdict.UP, Verdict.DOWN


@pytest.fixture
def world() -> UptimeWorld:
    return UptimeWorld()


async def parent_and_child(world: UptimeWorld) -> tuple[Check, Check]:
    """Both well."""
    (gateway,) = await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(gateway, UP)
    await world.found(api, UP)
    await world.passed(1)
    return gateway, api


async def test_a_child_of_what_is_down_in_maintenance_is_unreachable(world: UptimeWorld) -> None:
    """Nobody is told of it, and it is no incident; once the parent is well, the child counts by itself."""
    gateway, api = await parent_and_child(world)
    world.windows.cover("gateway")
    await world.passed(1)
    await world.found(gateway, DOWN)
    await world.found(api, DOWN)
    standing = world.assess.standing(LOCAL.tenant, api.id)
    assert (standing.state, standing.latest.reason) == (CheckState.UNREACHABLE, StateReason.DEPENDENCY)
    await world.passed(60)
    assert (world.told(), await world.all_incidents()) == ([], [])
    await world.found(gateway, UP)
    await world.found(api, DOWN)
    await world.passed(20)
    assert world.state(gateway) is CheckState.MAINTENANCE
    assert world.told() == [("CheckDown", "api", AlertState.FIRING)]


async def test_a_child_that_fails_first_waits_for_its_parent_in_maintenance(world: UptimeWorld) -> None:
    """That is probed at once, and found down: the child was never down by itself."""
    gateway, api = await parent_and_child(world)
    world.windows.cover("gateway")
    await world.passed(1)
    await world.found(api, DOWN)
    assert (world.state(api), world.urged) == (CheckState.DOWN, [gateway.id])
    await world.passed(2)
    await world.found(gateway, DOWN)
    assert world.state(api) is CheckState.UNREACHABLE
    await world.passed(60)
    assert world.told() == []


async def test_a_child_of_what_is_well_in_maintenance_is_told(world: UptimeWorld) -> None:
    """A window for the parent is none for the child."""
    _, api = await parent_and_child(world)
    world.windows.cover("gateway")
    await world.passed(1)
    await world.found(api, DOWN)
    await world.passed(20)
    assert world.told() == [("CheckDown", "api", AlertState.FIRING)]


async def test_maintenance_of_what_is_down_leaves_its_children_behind_it(world: UptimeWorld) -> None:
    """Before the window, in it, and after it; the parent's alert is the only one."""
    gateway, api = await parent_and_child(world)
    await world.found(gateway, DOWN)
    await world.found(api, DOWN)
    for covered in (("gateway",), ()):
        world.windows.cover(*covered)
        await world.passed(1)
        for _ in range(3):
            await world.found(api, DOWN)
            await world.passed(10)
            assert world.state(api) is CheckState.UNREACHABLE
    assert world.state(gateway) is CheckState.DOWN
    assert world.told() == [("CheckDown", "gateway", AlertState.FIRING)]


@pytest.mark.parametrize("covered", [("line",), ("gateway",), ("line", "gateway")])
async def test_it_counts_however_many_checks_away(world: UptimeWorld, covered: tuple[str, ...]) -> None:
    """And whichever of them are in maintenance; only what is not is told."""
    (line,) = await world.with_checks("line")
    (gateway,) = await world.enroll.add(LOCAL, [definition("gateway", depends_on=("line",))])
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    for check in (line, gateway, api):
        await world.found(check, UP)
    world.windows.cover(*covered)
    await world.passed(1)
    for check in (line, gateway, api):
        await world.found(check, DOWN)
    await world.passed(60)
    assert world.state(api) is CheckState.UNREACHABLE
    assert {check for _, check, _ in world.told()} == {"line", "gateway"} - {*covered, "gateway"}


async def test_parent_and_child_leave_maintenance_together(world: UptimeWorld) -> None:
    """Whichever is looked at first, the child is behind its parent."""
    gateway, api = await parent_and_child(world)
    world.windows.cover("gateway", "api")
    await world.passed(1)
    await world.found(gateway, DOWN)
    await world.found(api, DOWN)
    world.windows.cover()
    await world.passed(60)
    assert (world.state(gateway), world.state(api)) == (CheckState.DOWN, CheckState.UNREACHABLE)
    assert world.told() == [("CheckDown", "gateway", AlertState.FIRING)]
