"""The radar: which rules watch nothing or say nothing, and why."""

import asyncio
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from tests.application.rule_world import NOW, RuleWorld, series
from typing_extensions import override

from sightline.adapters.outbound.tiered import TieredSeries
from sightline.application.admit import Turns
from sightline.application.count import Count
from sightline.application.derive import GroupState
from sightline.application.evaluate import RuleStatus
from sightline.application.radar import DEAD, MOST_WAITING, Judged, Radar, RadarLimits, RuleName
from sightline.application.read import Read
from sightline.domain.alerts.group import Rule
from sightline.domain.alerts.radar import Habit, Reason, Suspect
from sightline.domain.alerts.rule import AlertingRule, AlertRule
from sightline.domain.errors import InvalidParameter, TooManyQueries, Unavailable
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.promql.places import Place
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, MINUTE, TimeRange

pytestmark = pytest.mark.anyio

EMPTY, UNKNOWN = Reason.SELECTOR_MATCHES_NOTHING, Reason.LABEL_NEVER_PRESENT
BYTES = "node_memory_MemAvailable_bytes"


class World(RuleWorld):
    """Rules over samples of two weeks, and the radar over both."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[GroupState] = []
        self.documents: list[AlertRule] = []
        self.seen = self.reader
        self.bounds = RadarLimits()
        self.own: tuple[str, ...] = ()

    def groups(self, principal: Principal) -> list[GroupState]:
        """Of the tenant's rule files."""
        return self.files if principal == LOCAL else []

    def rules(self, principal: Principal) -> list[RuleStatus]:
        """Of the tenant's documents."""
        return [RuleStatus(principal.tenant, one.name, one, NOW, 0.0) for one in self.documents if principal == LOCAL]

    def radar(self) -> Radar:
        """As compose makes it."""
        turns = Turns(self.telemetry, small=4, large=1, queue=10)
        read = Read(self.reader, self.clock, self.telemetry, self.threads, turns)
        count = Count(self.reader)
        return Radar(self, self, self.seen, read, count, self.clock, self.telemetry, self.bounds, own=self.own)

    async def file(self, *rules: Rule, offset: int = 0) -> None:
        """A group of rules in a file."""
        self.files.append(await self.begin(*rules, offset=offset))

    async def told(self, labels: Labels, times: Iterable[int], values: Iterable[float] | None = None) -> None:
        """Samples of a series, at times in ms from now."""
        ats = np.array([NOW + at for at in times], np.int64)
        its = np.ones(len(ats)) if values is None else np.array(list(values))
        await self.ingest(LOCAL, WriteBatch((labels,), np.zeros(len(ats), np.uint32), ats, its))

    async def present(self, *metrics: Labels) -> None:
        """Series with samples of the last week, one of them now."""
        for labels in metrics:
            await self.told(labels, range(-8 * DAY, 1, HOUR))

    async def suspects(self, expr: str) -> list[Suspect]:
        """What is found of the selectors of one expression."""
        return list(await self.radar().check(LOCAL, AlertingRule("A", expr)))


@pytest.fixture(params=["store", "index"])
async def world(request: pytest.FixtureRequest) -> World:
    """A world where series are found in the store, and one where they are found in the index of labels."""
    world = World()
    if request.param == "index":
        await world.reader.refill(NOW)
    await world.present(
        series("up", job="node", instance="a"), series("up", job="shop", instance="b"), series(BYTES, job="node")
    )
    return world


def firing(name: str, **labels: str) -> Labels:
    """The series of an alert that fires."""
    return series("ALERTS", alertname=name, alertstate="firing", **labels)


def by_rule(judged: Iterable[Judged]) -> dict[str, list[Reason]]:
    """The reasons of what was found, by the name of the rule."""
    return {one.rule.name: [finding.reason for finding in one.findings] for one in judged}


async def test_a_misspelt_metric_is_told_with_the_one_that_was_meant(world: World) -> None:
    """Also within functions and subqueries; the sentence says what to write."""
    (found,) = await world.suspects("max_over_time(avg_over_time(node_memory_MemAvailable_byte[5m])[1h:5m]) > 1")
    assert found == Suspect(
        EMPTY,
        "node_memory_MemAvailable_byte",
        Place.NEEDED,
        matches=False,
        metric_exists=False,
        matcher='__name__="node_memory_MemAvailable_byte"',
        nearest=(BYTES,),
    )
    assert found.message == (
        "node_memory_MemAvailable_byte matches no series: there is no such metric now; nearest: node_memory_MemAvailable_bytes"
    )


async def test_a_series_that_ended_is_told_with_the_time_of_its_last_sample(world: World) -> None:
    """To the sample, and not counting the marker of its end; a window that reaches back to it finds it."""
    await world.told(series("backup_size_bytes", job="b"), range(-10 * DAY, -DAY + 1, HOUR))
    await world.told(series("backup_size_bytes", job="b"), [-DAY + MINUTE], [float(STALE)])
    (found,) = await world.suspects("backup_size_bytes < 1")
    assert (found.reason, found.metric_exists, found.last_seen) == (EMPTY, False, NOW - DAY)
    assert found.message.endswith("; its last sample came at 2023-11-13T22:13:20Z")
    assert await world.suspects("max_over_time(backup_size_bytes[2d]) < 1") == []
    assert await world.suspects("backup_size_bytes offset 2d < 1") == []


async def test_what_was_flushed_is_told_as_what_was_not(world: World) -> None:
    """The time of the last sample is the same once the store has it."""
    await world.told(series("gone"), range(-3 * DAY, -2 * DAY + 1, HOUR))
    await world.flush.drain()
    (found,) = await world.suspects("gone")
    assert found.last_seen == NOW - 2 * DAY


@pytest.mark.parametrize(
    ("expr", "reason", "matcher", "nearest"),
    [
        ('up{job="nodes"} == 0', EMPTY, 'job="nodes"', ("node",)),
        ('up{job=~"nodes|shops"} == 0', EMPTY, 'job=~"nodes|shops"', ("node", "shop")),
        ('up{job=~"x.*"} == 0', EMPTY, 'job=~"x.*"', ()),
        ('up{jbo="node"} == 0', UNKNOWN, 'jbo="node"', ("job",)),
        ('up{job="node",instance="b"} == 0', EMPTY, 'job="node"', ()),
        ('{job="nodes"} == 0', EMPTY, 'job="nodes"', ("node",)),
        ('{__name__=~"upp|down"} == 0', EMPTY, '__name__=~"upp|down"', ("up",)),
    ],
)
async def test_the_matcher_that_excludes_everything_is_named(
    world: World, expr: str, reason: Reason, matcher: str, nearest: Sequence[str]
) -> None:
    """With the values, or the label, that are there instead."""
    (found,) = await world.suspects(expr)
    assert (found.reason, found.matcher, found.nearest, found.matches) == (reason, matcher, nearest, False)


async def test_a_label_that_excludes_nothing_is_told(world: World) -> None:
    """A condition on a label that no series has holds for all of them, which nobody notices."""
    (found,) = await world.suspects('up{jbo!="node",instance!="a"} == 0')
    assert (found.reason, found.matches, found.matcher, found.nearest) == (UNKNOWN, True, 'jbo!="node"', ("job",))


@pytest.mark.parametrize(
    "expr",
    [
        "absent(nothing)",
        'absent_over_time(nothing{job="x"}[5m])',
        "up == 0",
        "time() > bool 1",
        'ALERTS{alertname="x"}',
        "sum(ALERTS_FOR_STATE) > 1",
        'up{job!="test"}',
        "up offset 10d == 0",
        "up @ 1600000000 == 0",
    ],
)
async def test_what_may_well_be_missing_is_excused(world: World, expr: str) -> None:
    """The selectors of `absent`, alerts as series, and of course what is there."""
    assert await world.suspects(expr) == []


async def test_what_a_rule_records_may_be_missing_but_its_labels_may_not(world: World) -> None:
    """A recording rule may yield nothing yet; rules that are saved together know each other."""
    rule = AlertingRule("A", "job:up:sum > 1")
    (found,) = await world.radar().check(LOCAL, rule)
    assert found.reason is EMPTY
    recording = RecordingRule("job:up:sum", "sum by (job) (up)")
    assert await world.radar().check(LOCAL, rule, [recording]) == ()
    await world.file(recording)
    assert await world.radar().check(LOCAL, rule) == ()
    await world.present(series("job:up:sum", job="node"))
    (found,) = await world.suspects('job:up:sum{job="nod"} > 1')
    assert found.nearest == ("node",)


async def test_a_rule_that_can_yield_nothing_is_told_apart(world: World) -> None:
    """A missing side of `or` or `unless` is told, and does not make a rule dead; a needed one does."""
    await world.file(
        AlertingRule("Or", "up == 2 or nothing > 1"),
        AlertingRule("Unless", "up == 2 unless nothing"),
        AlertingRule("And", "up == 2 and nothing"),
    )
    sweep = await world.radar().look(LOCAL)
    places = {one.rule.name: [each.place for each in one.findings if isinstance(each, Suspect)] for one in sweep.judged}
    assert places == {"Or": [Place.ALTERNATIVE], "Unless": [Place.EXCLUSION], "And": [Place.NEEDED]}
    assert [one.yields_nothing for one in sweep.judged] == [False, False, True]


async def test_the_firing_of_alerts_is_told_by_their_series(world: World) -> None:
    """One never fired, one always, one again and again, and one as alerts do."""
    await world.told(firing("Always", severity="warning"), range(-7 * DAY, 1, MINUTE))
    await world.told(firing("Now", severity="page"), range(-2 * HOUR, -HOUR, MINUTE))
    flaps = [-DAY + at + part for at in range(0, 22 * HOUR, HOUR) for part in (0, MINUTE)]
    await world.told(firing("Flaps", room="a"), flaps, [1.0, float(STALE)] * 22)
    await world.file(
        AlertingRule("Never", "up == 2"),
        AlertingRule("Now", "up == 2", labels={"severity": "page"}),
        AlertingRule("Now", "up == 3", labels={"severity": "ticket"}),
        AlertingRule("Flaps", "up == 2", labels={"severity": "{{ $labels.job }}"}),
        RecordingRule("r", "up"),
    )
    world.documents = [AlertRule("Always", "up == 2")]
    sweep = await world.radar().look(LOCAL)
    assert sweep.within == TimeRange(NOW - 7 * DAY, NOW)
    assert [[each.reason for each in one.findings] for one in sweep.judged] == [
        [Reason.NEVER_FIRED],
        [],
        [Reason.NEVER_FIRED],
        [Reason.FLAPS],
        [],
        [Reason.ALWAYS_FIRED],
    ]
    told = [each.message for one in sweep.judged for each in one.findings]
    assert told == [
        "no alert of it fired in 7d",
        "no alert of it fired in 7d",
        'its alert {room="a"} ended 22 times within a day',
        "alerts of it fired 100 % of 7d",
    ]


async def test_nothing_never_fired_before_there_are_samples_for_the_whole_window() -> None:
    """After a week of samples a window of two weeks says nothing of what never fired, and one of a day does."""
    world = World()
    await world.reader.refill(NOW)
    await world.present(series("up"))
    await world.file(AlertingRule("Never", "up == 2"))
    assert by_rule((await world.radar().look(LOCAL, 14 * DAY)).judged) == {"Never": []}
    sweep = await world.radar().look(LOCAL, DAY)
    assert sweep.judged[0].findings == (Habit(Reason.NEVER_FIRED, TimeRange(NOW - DAY, NOW), 0.0),)


async def test_a_window_is_bounded(world: World) -> None:
    """A minute at least, and at most as long as samples are kept."""
    with pytest.raises(InvalidParameter, match="a minute at least"):
        await world.radar().look(LOCAL, MINUTE - 1)
    assert (await world.radar().look(LOCAL, 100 * DAY)).within.start == NOW - 15 * DAY


async def test_rules_of_the_program_itself_are_not_reproached(world: World) -> None:
    """That there are no containers is nobody's mistake; that an alert flaps is told all the same."""
    world.documents, world.own = [AlertRule("Box", "container_cpu > 1")], ("Box",)
    await world.told(firing("Box", severity="warning"), range(-7 * DAY, 1, MINUTE))
    assert by_rule((await world.radar().look(LOCAL)).judged) == {"Box": [Reason.ALWAYS_FIRED]}


async def test_nobody_sees_the_rules_or_series_of_another(world: World) -> None:
    """Rules and series are those of who asks."""
    await world.file(AlertingRule("A", "up == 2"))
    other = Principal("x", Tenant("other"))
    assert (await world.radar().look(other)).judged == ()
    (found,) = await world.radar().check(other, AlertingRule("A", "up == 2"))
    assert (found.reason, found.nearest) == (EMPTY, ())


async def test_a_look_that_takes_too_long_tells_what_it_has_and_the_next_goes_on() -> None:
    """The rule under way says why it was not looked at; what was found of it and of those left out still counts."""
    world = World()

    class Slow(TieredSeries):
        """Every question takes four seconds, once it is slow."""

        slow = True

        @override
        async def label_values(
            self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
        ) -> list[str]:
            if self.slow:
                await world.clock.advance(4)
            return await super().label_values(tenant, name, matcher_sets, within, limit)

    world.seen = slow = Slow(world.tail, world.store, world.threads, world.hot, world.index)
    world.bounds = RadarLimits(timeout=10.0)
    await world.file(*(AlertingRule(name, f"{name}_{name} > 1") for name in "abcd"))
    radar = world.radar()
    news = await radar.look_again(LOCAL)
    first = [one.rule.name for one in news.sweep.judged]
    assert news.sweep.is_partial
    assert "rules.radar_timeout" in news.sweep.judged[-1].problem
    news = await radar.look_again(LOCAL)
    assert news.sweep.judged[0].rule.name == "abcd"[len(first)]
    slow.slow = False
    await radar.look_again(LOCAL)
    assert counted(world, EMPTY) == 4
    slow.slow = True
    assert (await radar.look_again(LOCAL)).sweep.is_partial
    assert counted(world, EMPTY) == 4


async def test_looks_wait_for_each_other_and_not_too_many_of_them() -> None:
    """One look at a time, four that wait, and whoever comes then is told to ask again."""
    world, first = World(), asyncio.Event()
    done: list[int] = []

    class Waits(TieredSeries):
        """Questions wait until a test lets them go on."""

        @override
        async def label_values(
            self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
        ) -> list[str]:
            await first.wait()
            return await super().label_values(tenant, name, matcher_sets, within, limit)

    world.seen = Waits(world.tail, world.store, world.threads, world.hot, world.index)
    await world.file(AlertingRule("A", "up == 2"))
    radar = world.radar()

    async def look(number: int) -> None:
        """One of several."""
        await radar.look(LOCAL)
        done.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(1 + MOST_WAITING):
            group.create_task(look(number))
        await world.clock.advance(0)
        with pytest.raises(TooManyQueries, match="4 looks at rules wait already"):
            await radar.look(LOCAL)
        assert done == []
        first.set()
    assert done == list(range(1 + MOST_WAITING))
    await radar.look(LOCAL)


async def test_what_is_new_is_told_once_and_counted(world: World) -> None:
    """A finding is news until it was told; the gauge has every rule by reason, and those that are mended leave it."""
    await world.file(AlertingRule("A", "node_memory_MemAvailable_byte < 1"), AlertingRule("B", "up == 2 and nothing"))
    radar = world.radar()
    news = await radar.look_again(LOCAL)
    assert [(rule.name, finding.reason) for rule, finding in news.findings if isinstance(finding, Suspect)] == [
        ("A", EMPTY),
        ("B", EMPTY),
    ]
    assert counted(world, EMPTY) == 2
    await world.told(series("nothing"), [0])
    await world.file(AlertingRule("C", 'up{job="nodes"}'))
    news = await radar.look_again(LOCAL)
    assert [rule.name for rule, finding in news.findings if isinstance(finding, Suspect)] == ["C"]
    assert counted(world, EMPTY) == 2
    world.files.clear()
    await radar.look_again(LOCAL)
    assert counted(world, EMPTY) == 0


def counted(world: World, reason: Reason) -> float:
    """The gauge."""
    (family,) = [one for one in world.telemetry.families() if one.instrument is DEAD]
    return {dict(point.labels)["reason"]: point.value for point in family.points}[reason]


async def test_an_expression_that_cannot_be_read_is_a_problem_of_its_rule_alone(world: World) -> None:
    """Others are looked at."""
    await world.file(AlertingRule("B", "up == 2"))
    world.documents = [AlertRule("A", "sum(up")]
    sweep = await world.radar().look(LOCAL)
    assert [(one.rule, bool(one.problem)) for one in sweep.judged] == [
        (RuleName("a.yml", "g", 0, "B"), False),
        (RuleName("", "", 0, "A"), True),
    ]


async def test_a_store_that_is_away_stands_in_no_saves_way() -> None:
    """Looking at all rules says that it is away; at one that is about to be saved, nothing is found."""
    world = World()

    class Away(TieredSeries):
        """Nothing can be asked."""

        @override
        async def label_values(
            self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
        ) -> list[str]:
            raise Unavailable("the store is away")

    world.seen = Away(world.tail, world.store, world.threads, world.hot, world.index)
    await world.file(AlertingRule("A", "up == 2"))
    assert await world.suspects("nothing") == []
    with pytest.raises(Unavailable):
        await world.radar().look(LOCAL)
