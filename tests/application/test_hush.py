"""Alerts about checks in maintenance: who is told what when windows begin and end, and how it is shown."""

from collections.abc import Mapping
from itertools import count

import pytest
from tests.application.alerting_world import AlertingWorld
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.wire import window as wire
from sightline.application.hush import JUST_OVER, Hush
from sightline.application.maintain import Maintain, WindowCodec
from sightline.domain.alerts.notification import Because
from sightline.domain.alerts.pipeline.batch import Manners, WhenMuted
from sightline.domain.alerts.route import WrittenRoute
from sightline.domain.alerts.shown import Processing
from sightline.domain.probes.check import Check
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.window import Once, Scope, Window
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import HOUR, MINUTE, SECOND

UP, DOWN, DEGRADED = Verdict.UP, Verdict.DOWN, Verdict.DEGRADED
ROUTE = WrittenRoute("team", ("check",), group_wait=0, group_interval=10 * SECOND, repeat_interval=2 * MINUTE)


class World:
    """Checks, windows and the whole pipeline over memory adapters, with one clock."""

    def __init__(self, manners: Mapping[str, Manners] | None = None) -> None:
        self.alerting = AlertingWorld(ROUTE, manners=manners)
        self.catalog, self.names = MemoryCatalog(), map(str, count(1))
        self.uptime = UptimeWorld(self.alerting.clock)
        self.start()

    def start(self) -> None:
        """Begin a run: what was only in memory is gone."""
        uptime = self.uptime
        self.windows = Maintain(
            self.catalog,
            WindowCodec(wire.to_document, wire.from_document),
            self.alerting.clock,
            lambda: next(self.names),
        )
        self.alerting.restart()
        uptime.takes, uptime.maintained = self.alerting.dispatch, self.windows
        uptime.start()
        self.windows.follow(uptime.enroll)
        self.hush = Hush(uptime.enroll, self.windows, self.alerting.clock)
        self.hush.follow(uptime.assess)
        self.alerting.maintaining = self.hush.maintaining

    async def restart(self) -> None:
        """Begin another run, as the program does."""
        self.start()
        await self.hush.load()
        await self.alerting.dispatch.load()
        await self.uptime.assess.load()

    async def with_check(self, name: str = "api", **given: object) -> Check:
        """A check that is there from the start."""
        await self.hush.load()
        await self.alerting.dispatch.load()
        (check,) = await self.uptime.with_checks(name, **given)
        return check

    async def window(self, *checks: str, name: str = "upgrade", lasts: int = HOUR) -> Window:
        """Maintenance that begins now."""
        timing = Once(self.alerting.clock.now(), self.alerting.clock.now() + lasts)
        return await self.windows.add(LOCAL, Window(name=name, timing=timing, scope=Scope(checks=checks)))

    async def passed(self, seconds: int, **verdicts: Verdict) -> None:
        """Time went by; each second the checks of these names are found so."""
        for _ in range(seconds):
            await self.alerting.clock.advance(0.75)
            for name, verdict in verdicts.items():
                await self.uptime.found(await self.uptime.enroll.by_name(LOCAL, name), verdict)
            await self.uptime.tick()
            await self.alerting.clock.advance(0.25)
            await self.alerting.tick()

    def told(self) -> list[str]:
        """What the team was told."""
        return self.alerting.told()


async def test_a_window_holds_an_alert_that_fires_and_it_is_told_again_after_it() -> None:
    """No reminder in between, and no word that it ended; the alert is the same one all the time."""
    world = World()
    check = await world.with_check()
    await world.passed(20, api=DOWN)
    assert world.told() == ["firing CheckDown"]
    await world.window("api", lasts=10 * MINUTE)
    await world.passed(9 * 60, api=DOWN)
    assert world.uptime.state(check) is CheckState.MAINTENANCE
    assert world.told() == ["firing CheckDown"]
    await world.passed(75, api=DOWN)
    assert world.told() == ["firing CheckDown"] * 2
    first, last = world.alerting.channels["team"].taken
    assert (first.because, last.because) == (Because.FIRST, Because.UNMUTED)
    assert first.alerts[0].starts_at == last.alerts[0].starts_at


async def test_what_is_put_right_in_a_window_is_told_to_have_ended() -> None:
    """After the window, once: not that it fires again first."""
    world = World()
    await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=5 * MINUTE)
    await world.passed(100, api=DOWN)
    await world.passed(200, api=UP)
    assert world.told() == ["firing CheckDown"]
    await world.passed(15, api=UP)
    assert world.told() == ["firing CheckDown", "resolved CheckDown"]


async def test_what_breaks_in_a_window_is_told_after_it() -> None:
    """As something new."""
    world = World()
    await world.with_check()
    await world.passed(5, api=UP)
    await world.window("api", lasts=5 * MINUTE)
    await world.passed(298, api=DOWN)
    assert world.told() == []
    await world.passed(20, api=DOWN)
    assert world.told() == ["firing CheckDown"]


@pytest.mark.parametrize("offset", range(10))
async def test_a_look_between_the_end_of_a_window_and_its_notice_tells_nothing(offset: int) -> None:
    """Whenever the group is looked at: an alert is held until it was found out how the check is now."""
    world = World()
    await world.with_check()
    await world.passed(20 + offset, api=DOWN)
    await world.window("api", lasts=MINUTE)
    await world.passed(5, api=DOWN)
    await world.passed(50, api=UP)
    for _ in range(60):  # the pipeline looks four times a second, and checks are assessed once
        await world.alerting.clock.advance(0.25)
        await world.alerting.tick()
    await world.passed(15, api=UP)
    assert world.told() == ["firing CheckDown", "resolved CheckDown"]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (WhenMuted.HOLD, ["firing CheckDown", "firing CheckDown"]),
        (WhenMuted.ACKNOWLEDGE, ["firing CheckDown", "acknowledged CheckDown", "firing CheckDown"]),
        (WhenMuted.RESOLVE, ["firing CheckDown", "resolved CheckDown", "firing CheckDown"]),
    ],
)
async def test_receivers_hear_of_muted_alerts_as_they_want_to(how: WhenMuted, expected: list[str]) -> None:
    """A window mutes as a silence does."""
    world = World({"team": Manners(when_muted=how)})
    await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=3 * MINUTE)
    await world.passed(200, api=DOWN)
    assert world.told() == expected


async def test_alerts_of_rules_about_a_covered_check_are_held_too() -> None:
    """By the label that the series of the check give them, whoever raised them; those of others are not."""
    world = World()
    await world.with_check()
    await world.window("api", lasts=MINUTE)
    await world.alerting.fire("Slow", check="api", instance="covered")
    await world.alerting.fire("Slow", check="web", instance="of another check")
    await world.alerting.fire("Slow", api="api", instance="of none")
    await world.passed(20, api=UP)
    assert sorted(world.told()) == ["firing of another check", "firing of none"]
    await world.passed(60, api=UP)
    assert world.told()[2:] == ["firing covered"]


async def test_windows_of_one_tenant_hold_nothing_of_others() -> None:
    """Though their checks have the same names."""
    world = World()
    await world.with_check()
    await world.window("api")
    other = Principal("else", Tenant("other"))
    mine, theirs = (world.hush.maintaining(one.tenant) for one in (LOCAL, other))
    labels = world.alerting.alert("Slow", check="api").labels
    assert (mine(labels), theirs(labels)) == (("upgrade",), ())


async def test_what_holds_an_alert_is_shown() -> None:
    """Every window that does, by name; and the way of the alert says so for each channel."""
    world = World()
    await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api")
    await world.window("api", name="patches")
    await world.passed(20, api=DOWN)
    (shown,) = world.alerting.explain.alerts(LOCAL)
    assert (shown.state, shown.maintained_by, shown.silenced_by) == (Processing.SUPPRESSED, ("patches", "upgrade"), ())
    assert "in_maintenance" in world.alerting.reasons()
    await world.windows.end(LOCAL, "1")
    await world.windows.delete(LOCAL, "2")
    (shown,) = world.alerting.explain.alerts(LOCAL)
    assert (shown.state, shown.maintained_by) == (Processing.SUPPRESSED, ("patches", "upgrade"))
    await world.passed(1, api=DOWN)
    (shown,) = world.alerting.explain.alerts(LOCAL)
    assert (shown.state, shown.maintained_by) == (Processing.ACTIVE, ())


async def test_an_alert_is_held_over_a_restart() -> None:
    """Before the checks are assessed again, and after it; what was held is told again when the window is over."""
    world = World()
    await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=10 * MINUTE)
    await world.passed(60, api=DOWN)
    world.start()
    await world.hush.load()
    for _ in range(3 * 60):
        await world.alerting.clock.advance(1)
        await world.alerting.tick()
    assert world.told() == ["firing CheckDown"]
    await world.uptime.assess.load()
    await world.passed(5 * 60, api=DOWN)
    assert world.told() == ["firing CheckDown"]
    await world.passed(75, api=DOWN)
    assert world.told() == ["firing CheckDown"] * 2


async def test_a_window_that_ended_while_nobody_looked_holds_until_it_is_noticed() -> None:
    """The program stopped during maintenance, and the window is over when it starts again."""
    world = World()
    check = await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=MINUTE)
    await world.passed(10, api=DOWN)
    await world.alerting.clock.advance(120)
    await world.restart()
    assert world.hush.maintaining(LOCAL.tenant)(world.alerting.alert("Slow", check="api").labels) == (JUST_OVER,)
    await world.passed(15, api=DOWN)
    assert world.uptime.state(check) is CheckState.DOWN
    assert world.told() == ["firing CheckDown"] * 2


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(DOWN, ["firing CheckDown"] * 2), (UP, ["firing CheckDown", "resolved CheckDown"]), (None, ["firing CheckDown"])],
)
async def test_after_a_restart_and_a_window_the_next_probe_tells(verdict: Verdict | None, expected: list[str]) -> None:
    """Nothing is told before it, though nobody knows how the check is."""
    world = World()
    await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=MINUTE)
    await world.passed(10, api=DOWN)
    await world.restart()
    await world.passed(90)
    assert world.told() == ["firing CheckDown"]
    await world.passed(15, **({} if verdict is None else {"api": verdict}))
    assert world.told() == expected


async def test_an_alert_is_not_held_for_ever_where_no_probe_tells() -> None:
    """Whoever looked before the window looks no longer: after three intervals, that is, it is told again."""
    world = World()
    await world.with_check(interval=20 * SECOND)
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=MINUTE)
    await world.passed(10, api=DOWN)
    await world.restart()
    await world.passed(3 * MINUTE // SECOND)
    assert world.told() == ["firing CheckDown"] * 2


async def test_a_check_that_is_renamed_in_a_window_is_told_under_its_name_after_it() -> None:
    """The window goes by the new name, and so does the alert: the one of the old name ends."""
    world = World()
    check = await world.with_check()
    await world.passed(20, api=DOWN)
    await world.window("api", lasts=5 * MINUTE)
    await world.passed(20, api=DOWN)
    await world.uptime.enroll.put(LOCAL, check.id, definition("shop"))
    await world.passed(200, shop=DOWN)
    assert world.told() == ["firing CheckDown", "resolved CheckDown"]
    await world.passed(90, shop=DOWN)
    assert [one.alerts[0].labels.get("check") for one in world.alerting.channels["team"].taken] == [
        "api",
        "api",
        "shop",
    ]
