"""Alerts of checks over restarts and changes, and as they are listed."""

from typing import Any

import pytest
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition, result

from sightline.domain.alerts.notice import Alert, AlertState
from sightline.domain.alerts.posted import PostedAlert, posted
from sightline.domain.probes.alert import rule_name
from sightline.domain.probes.check import Check
from sightline.domain.probes.result import Verdict
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.checks import Rewrite

pytestmark = pytest.mark.anyio

UP, DOWN, DEGRADED = Verdict.UP, Verdict.DOWN, Verdict.DEGRADED
GONE_FOR_LONG = 600


@pytest.fixture
def world() -> UptimeWorld:
    return UptimeWorld()


def restart(world: UptimeWorld, check: Check, *alerts: PostedAlert) -> None:
    """A new run, in which the pipeline knows what it was told of the check in the last."""
    told = [posted(one, rule_name(check.id)) for one in world.heard.notices if one.alert.state is AlertState.FIRING]
    world.heard.before = {(LOCAL.tenant, rule_name(check.id)): [*told[-1:], *alerts]}
    world.heard.notices.clear()
    world.start()


def said(world: UptimeWorld) -> list[tuple[str, str, str, str]]:
    """What the pipeline was told: name, check, severity and state."""
    found = [one.alert for one in world.heard.notices]
    return [
        (one.labels.get("alertname"), one.labels.get("check"), one.labels.get("severity"), one.state.value)
        for one in found
    ]


def listed(world: UptimeWorld, principal: Principal = LOCAL) -> list[tuple[str, str]]:
    """The check and the state of each alert that is there."""
    return [(one.labels.get("check"), one.state.value) for one in world.assess.alerts(principal)]


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "shop"},
        {"tags": {"team": "web"}},
        {"severity": "warning"},
        {"group": "front"},
        {"url": "https://b.example/"},
    ],
)
@pytest.mark.parametrize("seconds", [1, GONE_FOR_LONG])
async def test_an_alert_of_the_last_run_that_no_longer_fits_ends(
    world: UptimeWorld, changed: dict[str, Any], seconds: int
) -> None:
    """The check says something else of itself now: it is down under its new labels, also where nobody knows how it is by now."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    before = world.heard.notices[0].alert
    await world.settle.run_once()
    await world.checks.put(LOCAL.tenant, [Rewrite(api.id, definition(**{"name": "api", **changed}))], world.now)
    restart(world, api)
    await world.clock.advance(seconds)
    await world.assess.load()
    assert [one.alert.state for one in world.heard.notices] == [AlertState.RESOLVED, AlertState.FIRING]
    ended, begun = (one.alert for one in world.heard.notices)
    assert (ended.labels, ended.active_at) == (before.labels, before.active_at)
    assert begun.labels != ended.labels
    await world.found(api, UP)
    assert world.heard.notices[-1].alert.labels == begun.labels
    assert said(world)[-1][3] == "resolved"


async def test_an_alert_of_the_last_run_that_fits_goes_on(world: UptimeWorld) -> None:
    """Nothing is told, and it ends with the check being up."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    restart(world, api)
    await world.assess.load()
    assert said(world) == []
    assert listed(world) == [("api", "firing")]
    await world.found(api, UP)
    assert said(world) == [("CheckDown", "api", "critical", "resolved")]


async def test_an_alert_of_which_nobody_is_to_hear_any_more_ends_at_the_start(world: UptimeWorld) -> None:
    """Though nobody can tell how the check is."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.checks.put(LOCAL.tenant, [Rewrite(api.id, definition("api", notify=False))], world.now)
    restart(world, api)
    await world.clock.advance(GONE_FOR_LONG)
    await world.assess.load()
    assert said(world) == [("CheckDown", "api", "critical", "resolved")]


@pytest.mark.parametrize("order", [1, -1])
async def test_of_two_alerts_of_the_last_run_one_goes_on(world: UptimeWorld, order: int) -> None:
    """Killed between the end of one and the beginning of the other: it is the one that says how the check is."""
    (api,) = await world.with_checks("api")
    await world.found(api, DEGRADED)
    warned = posted(world.heard.notices[0], rule_name(api.id))
    await world.passed(1)
    await world.found(api, DOWN)
    restart(world, api, warned)
    world.heard.before = {key: its[::order] for key, its in world.heard.before.items()}
    await world.assess.load()
    assert said(world) == [("CheckDegraded", "api", "warning", "resolved")]
    firing = [one for one in world.assess.alerts(LOCAL) if one.state is AlertState.FIRING]
    assert [one.labels.get("alertname") for one in firing] == ["CheckDown"]


@pytest.mark.parametrize(
    "changed", [{"name": "shop"}, {"tags": {"team": "web"}}, {"severity": "warning"}, {"notify": False}]
)
async def test_an_alert_that_fires_follows_what_the_check_says_of_itself(
    world: UptimeWorld, changed: dict[str, Any]
) -> None:
    """The old one ends, and the new one ends when the check is up."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.passed(1)
    await world.enroll.put(LOCAL, api.id, definition(**{"name": "api", **changed}))
    await world.found(api, UP)
    ends = [one.alert.labels for one in world.heard.notices if one.alert.state is AlertState.RESOLVED]
    begins = [one.alert.labels for one in world.heard.notices if one.alert.state is AlertState.FIRING]
    assert ends == begins
    assert len(begins) == (1 if "notify" in changed else 2)


async def test_alerts_are_listed_while_they_fire_and_for_a_while_after(world: UptimeWorld) -> None:
    """As those of rules are; another tenant sees none of them."""
    api, web = await world.with_checks("api", "web")
    await world.found(web, DOWN)
    await world.passed(1)
    await world.found(api, DOWN)
    found: list[Alert] = world.assess.alerts(LOCAL)
    assert listed(world) == [("api", "firing"), ("web", "firing")]
    assert (found[0].rule, found[0].active_at, found[0].labels.get("alertname")) == ("api", world.now, "CheckDown")
    assert listed(world, Principal("else", Tenant("other"))) == []
    await world.found(web, UP)
    assert listed(world) == [("api", "firing"), ("web", "resolved")]
    await world.clock.advance(14 * 60)
    assert ("web", "resolved") in listed(world)
    await world.clock.advance(2 * 60)
    assert listed(world) == [("api", "firing")]


async def test_an_alert_that_waits_for_a_parent_is_pending(world: UptimeWorld) -> None:
    """Until the parent had its chance."""
    await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(api, DOWN)
    assert listed(world) == [("api", "pending")]
    await world.enroll.put(LOCAL, api.id, definition("api", depends_on=("gateway",), notify=False))
    assert listed(world) == []
    await world.enroll.put(LOCAL, api.id, definition("api", depends_on=("gateway",)))
    await world.passed(20)
    assert listed(world) == [("api", "firing")]


async def test_what_fires_or_waits_is_active_and_what_ended_is_not(world: UptimeWorld) -> None:
    """Of all tenants, for their series."""
    (parent,) = await world.with_checks("parent")
    (child,) = await world.enroll.add(LOCAL, [definition("child", depends_on=("parent",))])
    (other,) = await world.enroll.add(Principal("them", Tenant("other"), LOCAL.role), [definition("theirs")])
    await world.found(parent, UP)
    await world.found(child, DOWN)
    await world.assess.hear([(Tenant("other"), result(DOWN, world.now, other.id))])
    active = {(one.labels.get("check"), one.tenant, one.state) for one in world.assess.active_alerts()}
    assert active == {("theirs", "other", AlertState.FIRING), ("child", LOCAL.tenant, AlertState.PENDING)}
    await world.clock.advance(1)
    await world.found(child, UP)
    await world.assess.hear([(Tenant("other"), result(UP, world.now, other.id))])
    assert world.assess.active_alerts() == []


async def test_an_alert_that_fires_again_is_listed_once(world: UptimeWorld) -> None:
    """It is the same one to whoever looks."""
    (api,) = await world.with_checks("api")
    for verdict in (DOWN, UP, DOWN):
        await world.found(api, verdict)
        await world.passed(2)
    assert listed(world) == [("api", "firing")]
    await world.assess.hear([(LOCAL.tenant, result(UP, world.now, api.id))])
    assert listed(world) == [("api", "resolved")]
