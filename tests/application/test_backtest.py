"""Backtests: a rule replayed over what is stored, and who would have been told."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from tests.application.alerting_world import AlertingWorld
from tests.application.rule_world import NOW, RuleWorld, series

from sightline.application.backtest import Asked, BacktestLimits, RunBacktest
from sightline.application.query import QueryOptions
from sightline.compose.theatre import theatre
from sightline.domain.alerts.backtest import Backtest, FailedSteps, Stretch
from sightline.domain.alerts.inhibition import InhibitRule
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.notification import Status
from sightline.domain.alerts.pipeline.batch import Manners
from sightline.domain.alerts.pipeline.plan import Channel, Plan
from sightline.domain.alerts.route import WrittenRoute, route_tree
from sightline.domain.alerts.rule import AlertingRule, AlertRule
from sightline.domain.alerts.silence import Silence
from sightline.domain.alerts.time_intervals import TimeInterval
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import (
    InvalidParameter,
    MalformedQuery,
    TooManyQueries,
    TooManySamples,
    Unprocessable,
    VectorMatchingFailed,
)
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import LOCAL, Principal
from sightline.domain.timerange import DAY, MINUTE, Grid

pytestmark = pytest.mark.anyio

SECOND = 1_000
FIRING = AlertState.FIRING
LIMITS = BacktestLimits()
ROUTE = WrittenRoute("ops", ("alertname",), group_wait=30_000, group_interval=5 * MINUTE, repeat_interval=240 * MINUTE)


def matcher(name: str, value: str) -> Matcher:
    """An equality."""
    return Matcher(name, MatchOp.EQUAL, value)


def plan(route: WrittenRoute = ROUTE, **said: Any) -> Plan:
    """Receivers `ops`, which has mail, and `team`, which has Slack and mail."""
    resolving = Manners(sends_resolved=True)
    channels = {
        "ops": (Channel("ops/email/0", "ops", "email", resolving),),
        "team": (
            Channel("team/slack/0", "team", "slack", resolving),
            Channel("team/email/1", "team", "email", resolving),
        ),
        "nobody": (),
    }
    return Plan(route_tree(route), channels, **said)


class Refusing:
    """Queries that refuse ranges of more instants than so many, or that hold one of these instants (s after the start)."""

    def __init__(self, world: "World", most: int = 10**9, bad: Iterable[int] = ()) -> None:
        self._world, self._most, self._bad = world, most, [NOW + SECOND * one for one in bad]
        self.asked: list[int] = []

    async def range(self, principal: Principal, text: str, grid: Grid, options: QueryOptions, /) -> Answer:
        """As the real one, unless refused."""
        self.asked.append(grid.points)
        if grid.points > self._most:
            raise TooManySamples("too much at once")
        if any(grid.start <= one <= grid.end for one in self._bad):
            raise VectorMatchingFailed("many-to-many")
        return await self._world.query.range(principal, text, grid, options)


class World(RuleWorld):
    """Samples in memory, and backtests over them."""

    async def filled(self, name: str, values: Sequence[float | None], **labels: str) -> None:
        """A sample each minute, from the start; the clock goes on until then."""
        self.clock.skip(max(0, NOW + len(values) * MINUTE - self.clock.now()))
        for number, value in enumerate(values):
            if value is not None:
                await self.write(60 * number, (series(name, **labels), value))

    async def run(
        self,
        rule: AlertingRule | AlertRule,
        minutes: int,
        by: Plan | None = None,
        *,
        query: Any = None,
        limits: BacktestLimits = LIMITS,
        retention: int = 30 * DAY,
        start: int = 0,
        **asked: Any,
    ) -> Backtest:
        """Replay a rule each minute."""
        use = RunBacktest(
            query or self.query,
            lambda _: by or plan(),
            lambda _: (),
            theatre,
            self.clock,
            retention=retention,
            limits=limits,
        )
        grid = Grid(NOW + start * MINUTE, NOW + minutes * MINUTE, MINUTE)
        return await use(LOCAL, Asked(rule, grid, **asked))


@pytest.fixture
def world() -> Iterable[World]:
    """Closed in the end."""
    made = World()
    yield made
    made.threads.shutdown()


HOT = AlertingRule(
    "Hot", "temperature > 90", for_ms=2 * MINUTE, annotations={"summary": "{{ $labels.room }}: {{ $value }}"}
)


def at(backtest: Backtest) -> list[tuple[float, str, str]]:
    """Who was told when (minutes), and why."""
    return [((one.at - NOW) / MINUTE, one.receiver, one.reason.value) for one in backtest.telling.notifications]


async def test_it_tells_who_would_have_been_told_of_what(world: World) -> None:
    """An alert that waits and fires is told, and its end with the next look at its group."""
    await world.filled("temperature", [80, 95, 95, 96, 97, 80, 80, 80, 80, 80, 80], room="1")
    found = await world.run(HOT, 12)
    (alert,) = found.found.alerts
    assert alert.labels == Labels.of(alertname="Hot", room="1")
    assert alert.stretches == [
        Stretch(AlertState.PENDING, NOW + MINUTE, NOW + 3 * MINUTE),
        Stretch(FIRING, NOW + 3 * MINUTE, NOW + 5 * MINUTE),
    ]
    assert at(found) == [(3.5, "ops", "new_alerts"), (8.5, "ops", "alerts_resolved")]
    first, last = found.telling.notifications
    assert (first.kinds, first.status, first.summary, first.firing) == (
        ("email",),
        Status.FIRING,
        "1: 96",
        (alert.labels,),
    )
    assert (last.status, last.resolved) == (Status.RESOLVED, (alert.labels,))
    (count,) = found.telling.counts
    assert (count.receiver, count.kinds, count.notifications) == ("ops", ("email",), 2)
    assert (found.found.firings, found.steps, found.warnings) == (1, 13, [])


async def test_it_tells_what_is_told_at_work(world: World) -> None:
    """The same rule, evaluated instant by instant, and its alerts, given to a pipeline that is looked after each second."""
    values = [95 if number % 37 < 9 or 100 < number < 260 else 10 for number in range(300)]
    await world.filled("temperature", values, room="1")
    route = WrittenRoute(
        "team", ("room",), group_wait=45 * SECOND, group_interval=3 * MINUTE, repeat_interval=70 * MINUTE
    )
    found = await world.run(HOT, 299, plan(route))
    work = AlertingWorld(route, manners={"team": Manners()})
    work.clock.jump(NOW - work.clock.now())
    await work.dispatch.load()
    state = await world.begin(HOT)
    second = 0
    while second <= 299 * 60:
        if second % 60 == 0:
            world.heard.notices.clear()
            await world.evaluate(state, second)
            work.dispatch.tell(world.heard.notices)
        if (due := work.dispatch.next_look()) is not None and due <= second * SECOND:
            await work.tick()
        # Straight to the next second in which there is something to do.
        due = work.dispatch.next_look()
        until = min(60 - second % 60, 60 if due is None else max(1, -(-due // SECOND) - second))
        work.clock.skip(until * SECOND)
        second += until
    told = [(one.at, one.status, len(one.firing), len(one.resolved)) for one in work.channels["team"].taken]
    assert told == [(one.at, one.status, len(one.firing), len(one.resolved)) for one in found.telling.notifications]
    assert len(told) > 10


async def test_receivers_are_counted_with_the_kinds_of_their_channels(world: World) -> None:
    """A receiver with two channels is told once."""
    route = WrittenRoute(
        "ops", routes=(WrittenRoute("team", matchers=(matcher("room", "1"),)),), group_by=("room",), group_wait=0
    )
    await world.filled("temperature", [95] * 5, room="1")
    await world.filled("temperature", [95, 95, 95, 95, 10], room="2")
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 20, plan(route))
    counts = [(one.receiver, one.kinds, one.notifications) for one in found.telling.counts]
    assert sorted(counts) == [("ops", ("email",), 2), ("team", ("slack", "email"), 2)]


async def test_what_silences_hold_is_told_with_its_reason(world: World) -> None:
    """As is what is told once the silence is over."""
    await world.filled("temperature", [95] * 30, room="1")
    silence = Silence((matcher("room", "1"),), NOW, NOW + 12 * MINUTE, "", "", id="holiday")
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 29, silences=(silence,))
    assert at(found) == [(15.5, "ops", "new_alerts")]
    (held,) = found.telling.held
    assert (held.reason, held.by, held.start, held.end) == (
        Reason.SILENCED,
        ("holiday",),
        NOW + MINUTE // 2,
        NOW + 15 * MINUTE + MINUTE // 2,
    )


async def test_alerts_of_the_rule_inhibit_each_other(world: World) -> None:
    """By the rules of the plan."""
    await world.filled("temperature", [95] * 10, room="1", level="high")
    await world.filled("temperature", [95] * 10, room="1", level="low")
    inhibit = InhibitRule((matcher("level", "high"),), (matcher("level", "low"),), ("room",))
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 9, plan(inhibit_rules=(inhibit,)))
    assert [[one.get("level") for one in each.firing] for each in found.telling.notifications] == [["high"]]
    assert [(one.reason, one.labels.get("level"), one.end) for one in found.telling.held] == [
        (Reason.INHIBITED, "low", None)
    ]


async def test_at_some_times_nobody_is_told(world: World) -> None:
    """A muted time holds all of a route."""
    await world.filled("temperature", [95] * 5, room="1")
    route = WrittenRoute("ops", ("alertname",), group_wait=0, mute_time_intervals=("always",))
    found = await world.run(
        AlertingRule("Hot", "temperature > 90"), 4, plan(route, intervals={"always": (TimeInterval(),)})
    )
    assert found.telling.total == 0
    assert [(one.reason, one.by) for one in found.telling.held] == [(Reason.MUTED_BY_TIME, ("always",))]


async def test_an_alert_that_ended_before_it_was_told_is_held_for_that(world: World) -> None:
    """It ends within the `group_wait`."""
    await world.filled("temperature", [95, 10, 10], room="1")
    route = WrittenRoute("ops", ("alertname",), group_wait=5 * MINUTE)
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 10, plan(route))
    assert [(one.reason, one.end) for one in found.telling.held] == [(Reason.FIRING_NOT_SENT, NOW + 5 * MINUTE)]


async def test_a_receiver_without_channels_is_warned_of(world: World) -> None:
    """Alerts go there, and nobody hears of them."""
    await world.filled("temperature", [95, 95], room="1")
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 2, plan(WrittenRoute("nobody")))
    assert found.telling.total == 0
    assert "receiver 'nobody' has no channel" in found.warnings[0]


async def test_what_is_too_much_at_once_is_asked_in_slices(world: World) -> None:
    """The result is the same, though queries refuse more than five instants."""
    await world.filled("temperature", [95 if number % 20 < 10 else 10 for number in range(60)], room="1")
    whole, query = await world.run(HOT, 59), Refusing(world, most=5)
    cut = await world.run(HOT, 59, query=query)
    assert (cut.found, cut.telling) == (whole.found, whole.telling)
    assert max(one for one in query.asked if one <= 5) > 1
    points = Refusing(world)
    assert (await world.run(HOT, 59, query=points, limits=BacktestLimits(points=7))).found == whole.found
    assert points.asked[:2] == [7, 7]


async def test_an_instant_that_fails_is_told_and_disturbs_no_other(world: World) -> None:
    """What fires goes on meanwhile, as at work."""
    await world.filled("temperature", [95] * 10, room="1")
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 9, query=Refusing(world, bad=[240]))
    at_four = NOW + 4 * MINUTE
    assert found.found.failures == [FailedSteps(at_four, at_four, 1, "many-to-many")]
    assert found.found.alerts[0].stretches == [Stretch(FIRING, NOW)]
    assert found.warnings == ["the rule failed at 1 evaluations, first with: many-to-many"]


async def test_a_rule_that_always_fails_is_given_up(world: World) -> None:
    """With the reason, and not after a query for each instant."""
    query = Refusing(world, most=0)
    with pytest.raises(Unprocessable, match="too much at once"):
        await world.run(HOT, 2_000, query=query)
    assert len(query.asked) < 250


async def test_the_range_is_bounded_by_the_retention(world: World) -> None:
    """It begins where samples are kept, and says so; one that is older altogether is refused."""
    await world.filled("temperature", [95] * 10, room="1")
    now = world.clock.now() - NOW
    found = await world.run(HOT, 9, retention=now - 3 * MINUTE)
    assert found.grid.start == NOW + 3 * MINUTE
    assert "3 evaluations later" in found.warnings[0]
    with pytest.raises(InvalidParameter, match="all of this time is older"):
        await world.run(HOT, 2, retention=now - 3 * MINUTE)


async def test_a_range_without_data_is_warned_of(world: World) -> None:
    """That there is none, and since when there is some."""
    found = await world.run(HOT, 9)
    assert "are its metrics named so" in found.warnings[0]
    await world.filled("temperature", [None, None, None, 95, 95, 95], room="1")
    found = await world.run(HOT, 6)
    assert found.warnings == ["of what the rule reads there are samples only since about 2023-11-14T22:16:20Z"]


async def test_limits_are_told_by_name(world: World) -> None:
    """Too many instants are refused; what is not listed is counted."""
    await world.filled("temperature", [95, 10] * 20, room="1")
    with pytest.raises(InvalidParameter, match=r"40 evaluations, and may have 39.*backtest.max_instants"):
        await world.run(HOT, 39, limits=BacktestLimits(max_instants=39))
    rule = AlertingRule("Hot", "temperature > 90")
    found = await world.run(
        rule, 39, plan(WrittenRoute("ops", group_wait=0, group_interval=SECOND)), limits=BacktestLimits(max_listed=3)
    )
    assert (len(found.telling.notifications), found.telling.total) == (3, 40)
    assert "37 notifications" in found.warnings[1]
    with pytest.raises(InvalidParameter, match="end: lies before start"):
        await world.run(HOT, -1)


async def test_only_so_many_run_at_once_and_one_that_is_cancelled_ends(world: World) -> None:
    """A further one is refused; its place is free again afterwards."""
    waiting = asyncio.Event()

    class Waiting:
        async def range(self, *_: Any) -> Answer:
            waiting.set()
            await asyncio.Event().wait()
            raise AssertionError

    use = RunBacktest(
        Waiting(),
        lambda _: plan(),
        lambda _: (),
        theatre,
        world.clock,
        retention=DAY,
        limits=BacktestLimits(concurrency=1),
    )
    asked = Asked(HOT, Grid(NOW, NOW + MINUTE, MINUTE))
    running = asyncio.create_task(use(LOCAL, asked))
    await waiting.wait()
    with pytest.raises(TooManyQueries, match=r"backtest\.concurrency"):
        await use(LOCAL, asked)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    waiting.clear()
    again = asyncio.create_task(use(LOCAL, asked))
    await waiting.wait()
    again.cancel()
    with pytest.raises(asyncio.CancelledError):
        await again


async def test_progress_is_told(world: World) -> None:
    """From something to all."""
    await world.filled("temperature", [95] * 4, room="1")
    heard: list[float] = []
    use = RunBacktest(
        world.query,
        lambda _: plan(),
        lambda _: (),
        theatre,
        world.clock,
        retention=DAY,
        limits=BacktestLimits(points=2),
    )
    await use(LOCAL, Asked(HOT, Grid(NOW, NOW + 3 * MINUTE, MINUTE)), heard.append)
    assert heard == [0.5, 1.0]


async def test_what_cannot_be_parsed_is_refused(world: World) -> None:
    """With line and column."""
    with pytest.raises(MalformedQuery):
        await world.run(AlertingRule("Hot", "temperature >"), 5)


async def test_a_rule_that_says_what_no_data_means_is_replayed_so(world: World) -> None:
    """The rule as a whole fires where there is nothing to judge, with data of its own or by its selectors."""
    await world.filled("temperature", [10, 10], room="1")
    own = Labels.of(alertname="Hot", severity="warning")
    for data in ("temperature", ""):
        rule = AlertRule(name="Hot", expr="temperature > 90", data=data, no_data=Treatment.ALERT)
        found = await world.run(rule, 10)
        assert [(one.labels, one.stretches) for one in found.found.alerts] == [
            (own, [Stretch(FIRING, NOW + 6 * MINUTE)])
        ]


async def test_a_rule_looks_back_by_its_offset(world: World) -> None:
    """As its group says."""
    await world.filled("temperature", [10, 10, 95, 95], room="1")
    found = await world.run(AlertingRule("Hot", "temperature > 90"), 6, start=3, offset=2 * MINUTE)
    assert found.found.alerts[0].stretches == [Stretch(FIRING, NOW + 4 * MINUTE)]


async def test_templates_that_ask_queries_are_warned_of(world: World) -> None:
    """They are not asked, for that would take a query for each alert."""
    await world.filled("temperature", [95, 95], room="1")
    rule = AlertingRule("Hot", "temperature > 90", annotations={"summary": '{{ query "up" | len }}'})
    found = await world.run(rule, 1, plan(WrittenRoute("ops", group_wait=0)))
    assert "ask queries, which a backtest does not" in found.warnings[0]
    assert "was not asked" in found.telling.notifications[0].summary
