import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from msgspec.structs import replace as replaced
from tests.application.heard import Heard

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.answer import Ask
from sightline.application.evaluate import CONCURRENCY, Evaluate, Report
from sightline.application.query import Query
from sightline.domain.alerts.builtin import host_rules
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.rule import RULE_KIND, AlertRule, encode_rule
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import QueryTimeout, SightlineError
from sightline.domain.events import AlertChanged
from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import Appended, SealedRange, SeriesSeen, seal
from sightline.domain.promql.values import Answer, Scalar, String, Value, Vector
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant
from sightline.domain.timerange import Grid

pytestmark = pytest.mark.anyio

INACTIVE, PENDING, FIRING, RESOLVED, UNKNOWN = AlertState
OTHER_TENANT = Tenant("other")
OTHER = Principal("someone", OTHER_TENANT)
HOT = AlertRule(name="Hot", expr="hot > 90", for_ms=10_000, data="hot")
COLD = AlertRule(name="Cold", expr="cold < 5")


def vector(*elements: tuple[str, float]) -> Vector:
    """An instant vector of instances; one more series is there that has no value now."""
    labels = tuple(Labels.of(__name__="hot", instance=instance) for instance, _ in (*elements, ("absent", 0.0)))
    present = np.array([[True]] * len(elements) + [[False]])
    return Vector(labels, np.array([*([value] for _, value in elements), [0.0]]), present)


class ScriptedQuery:
    """Answers by tenant and text what the test set; counts what is asked at once."""

    def __init__(self) -> None:
        self.answers: dict[tuple[Tenant, str], Value | Exception] = {}
        self.asked: list[tuple[Tenant, str, int]] = []
        self.running = self.most = 0

    def set(self, text: str, answer: Value | Exception, tenant: Tenant = DEFAULT_TENANT) -> None:
        """From now on this text has this answer."""
        self.answers[tenant, text] = answer

    async def together(self, principal: Principal, texts: Iterable[str], at: int) -> Ask:
        """What gives the answers that were set."""
        assert all(texts)
        return partial(self._answer, principal, at)

    async def _answer(self, principal: Principal, at: int, text: str) -> Answer:
        self.asked.append((principal.tenant, text, at))
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        answer = self.answers.get((principal.tenant, text), vector())
        if isinstance(answer, Exception):
            raise answer
        return Answer(Grid.instant(at), answer)


class World:
    """The use case over memory adapters and a scripted query."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.query, self.catalog, self.bus = ScriptedQuery(), MemoryCatalog(), MemoryBus()
        self.telemetry = MemoryTelemetry()
        self.heard = Heard()
        self.evaluate = Evaluate(
            self.query,
            self.catalog,
            self.bus,
            self.heard,
            self.clock,
            self.telemetry,
            tenants=(DEFAULT_TENANT, OTHER_TENANT),
        )

    async def run(self, times: int = 1, every: float = 5.0) -> Report:
        """Evaluate, then let time pass; the last report."""
        report = await self.evaluate.run_once()
        for _ in range(times - 1):
            await self.clock.advance(every)
            report = await self.evaluate.run_once()
        await self.clock.advance(every)
        return report

    def states(self, principal: Principal = LOCAL) -> dict[str, tuple[AlertState, Reason]]:
        """State and reason by rule and instance."""
        return {
            f"{alert.rule}/{alert.labels.get('instance')}": (alert.state, alert.reason)
            for alert in self.evaluate.alerts(principal)
        }

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """The points of one of our own metrics by label values."""
        (family,) = [each for each in self.telemetry.families() if each.instrument.name == name]
        return {tuple(value for _, value in point.labels): point.value for point in family.points}


@pytest.fixture
async def world() -> World:
    """A world with one rule."""
    found = World()
    await found.evaluate.install(LOCAL, [HOT])
    return found


async def test_a_condition_that_holds_fires(world: World) -> None:
    """An element of the result is pending, fires after `for`, resolves, and every query is asked at the clock's time."""
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    started = world.clock.now()
    await world.run()
    assert world.states() == {"Hot/web-1": (PENDING, Reason.CONDITION_TRUE)}
    await world.run(2)
    assert world.states() == {"Hot/web-1": (FIRING, Reason.CONDITION_HELD)}
    assert world.query.asked == [(DEFAULT_TENANT, "hot > 90", started + 5_000 * number) for number in range(3)]


async def test_false_and_gone_are_told_apart(world: World) -> None:
    """When an alert is about to end, the rule's `data` says whether its condition became false or its data ended."""
    world.query.set("hot > 90", vector(("here", 95.0), ("gone", 95.0)))
    await world.run(3)
    world.query.set("hot > 90", vector())
    world.query.set("hot", vector(("here", 20.0)))
    await world.run()
    assert world.states() == {
        "Hot/here": (RESOLVED, Reason.CONDITION_FALSE),
        "Hot/gone": (RESOLVED, Reason.NO_DATA),
    }


async def test_a_failed_query_resolves_nothing(world: World) -> None:
    """Alerts stay as they are while their query fails, whichever of the two queries it is."""
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    await world.run(3)
    world.query.set("hot > 90", QueryTimeout("too slow"))
    await world.run()
    assert world.states() == {"Hot/web-1": (FIRING, Reason.QUERY_FAILED)}
    world.query.set("hot > 90", vector())
    world.query.set("hot", QueryTimeout("too slow"))
    await world.run()
    assert world.states() == {"Hot/web-1": (FIRING, Reason.QUERY_FAILED)}


async def test_an_empty_result_is_told_apart_from_no_series(world: World) -> None:
    """Without `data` the selectors of the expression tell, and they are asked only by a rule to which it means something."""
    await world.evaluate.install(LOCAL, [AlertRule(name="Cold", expr="cold < 5", no_data=Treatment.ALERT)])
    world.query.set("group(cold)", vector(("there", 1.0)))
    await world.run()
    assert world.states() == {}
    world.query.set("group(cold)", vector())
    await world.run()
    assert world.states() == {"Cold/": (FIRING, Reason.NO_DATA)}
    world.query.set("cold < 5", vector(("web-1", 1.0)))
    await world.run()
    assert world.states() == {
        "Cold/": (RESOLVED, Reason.CONDITION_FALSE),
        "Cold/web-1": (FIRING, Reason.CONDITION_TRUE),
    }
    assert {text for _, text, _ in world.query.asked} == {"hot > 90", "cold < 5", "group(cold)"}


async def test_a_rule_whose_data_is_gone_is_unknown_where_it_says_so(world: World) -> None:
    """With `data` that tells, without the selectors."""
    await world.evaluate.install(LOCAL, [replaced(HOT, no_data=Treatment.UNKNOWN)])
    await world.run()
    assert world.states() == {"Hot/": (UNKNOWN, Reason.NO_DATA)}
    assert {text for _, text, _ in world.query.asked} == {"hot > 90", "hot"}
    world.query.set("hot", vector(("web-1", 1.0)))
    await world.run()
    assert world.states() == {}


async def test_a_failed_query_fires_where_the_rule_says_so(world: World) -> None:
    """The alert has the error's own words."""
    await world.evaluate.install(LOCAL, [replaced(HOT, for_ms=0, query_failed=Treatment.ALERT)])
    world.query.set("hot > 90", QueryTimeout("too slow"))
    await world.run()
    (alert,) = world.evaluate.alerts(LOCAL)
    assert (alert.state, alert.annotations) == (FIRING, Labels.of(summary="Hot: its query failed: too slow"))


async def test_failures_are_reported_counted_and_remembered(world: World) -> None:
    """A failing rule is in every report, new in the first alone, and its status says since when and why until it is well."""
    world.query.set("hot > 90", QueryTimeout("too slow"))
    since = world.clock.now()
    first, second = await world.run(), await world.run()
    assert [status.name for status in first.new] == ["Hot"]
    assert (second.new, [status.name for status in second.failing]) == ((), ["Hot"])
    (status,) = world.evaluate.rules(LOCAL)
    assert (status.code, status.problem, status.failing_since) == ("query_timeout", "too slow", since)
    world.query.set("hot > 90", vector())
    assert (await world.run()).failing == ()
    (status,) = world.evaluate.rules(LOCAL)
    assert (status.code, status.failing_since, status.rule) == ("", None, HOT)
    assert world.counted("sightline_rule_evaluations_total") == {("query_timeout",): 2.0, ("ok",): 1.0}


@pytest.mark.parametrize(
    "body",
    [b"not json", encode_rule(AlertRule(name="Another", expr="up")), b'{"name": "Bad", "expr": ""}'],
    ids=["unreadable", "another name", "refused"],
)
async def test_a_rule_that_cannot_be_read_disturbs_no_other(world: World, body: bytes) -> None:
    """A bad document is a failing rule, and the others are evaluated."""
    await world.catalog.put(DEFAULT_TENANT, RULE_KIND, "Bad", body)
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    report = await world.run()
    assert [(status.name, status.code) for status in report.failing] == [("Bad", "bad_data")]
    assert world.states().keys() == {"Hot/web-1"}


@pytest.mark.parametrize(
    "answer",
    [SightlineError("broken"), String("text"), vector(("same", 1.0), ("same", 2.0))],
    ids=["error", "string", "duplicates"],
)
async def test_a_rule_that_fails_disturbs_no_other(world: World, answer: Value | Exception) -> None:
    """Whatever a query answers, the other rules are evaluated."""
    await world.evaluate.install(LOCAL, [COLD])
    world.query.set("hot > 90", answer)
    world.query.set("cold < 5", vector(("web-1", 1.0)))
    report = await world.run()
    assert [status.name for status in report.failing] == ["Hot"]
    assert world.states().keys() == {"Cold/web-1"}


async def test_a_defect_comes_out_after_all_rules_were_evaluated(world: World) -> None:
    """An error that is none of ours is raised at the end; the other rules moved, and the rule counts as failing."""
    await world.evaluate.install(LOCAL, [COLD])
    world.query.set("hot > 90", KeyError("oops"))
    world.query.set("cold < 5", vector(("web-1", 1.0)))
    with pytest.RaisesGroup(KeyError):
        await world.run()
    assert world.states() == {"Cold/web-1": (FIRING, Reason.CONDITION_TRUE)}
    assert [status.code for status in world.evaluate.rules(LOCAL)] == ["", "internal"]


async def test_a_scalar_is_an_alert_without_an_element(world: World) -> None:
    """A rule over a scalar has one alert with the rule's own labels."""
    world.query.set("hot > 90", Scalar(np.array([1.0])))
    await world.run()
    (alert,) = world.evaluate.alerts(LOCAL)
    assert alert.labels == Labels.of(alertname="Hot", severity="warning")


async def test_changes_are_published_and_told(world: World) -> None:
    """Listeners of the tenant hear every change in order, and so does the pipeline."""
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    async with world.bus.subscribe(DEFAULT_TENANT) as mine, world.bus.subscribe(OTHER_TENANT) as theirs:
        await world.run(3)
        world.query.set("hot > 90", vector())
        await world.run()
        world.bus.close()
        heard = [each.notice.alert.state async for each in mine if isinstance(each, AlertChanged)]
        assert heard == [PENDING, FIRING, RESOLVED]
        assert [each async for each in theirs] == []
    assert world.heard.states() == [PENDING, FIRING, RESOLVED]


async def test_tenants_see_their_own_rules_and_alerts(world: World) -> None:
    """A rule is evaluated over its own tenant's data, and its alerts are shown to that tenant alone."""
    await world.evaluate.install(OTHER, [COLD])
    world.query.set("cold < 5", vector(("theirs", 1.0)), OTHER_TENANT)
    world.query.set("hot > 90", vector(("mine", 95.0)))
    await world.run()
    assert world.states(LOCAL).keys() == {"Hot/mine"}
    assert world.states(OTHER).keys() == {"Cold/theirs"}
    assert [status.name for status in world.evaluate.rules(OTHER)] == ["Cold"]
    assert world.states(replace(OTHER, tenant=Tenant("third"))) == {}


async def test_a_changed_rule_takes_effect_at_the_next_round(world: World) -> None:
    """Rules are read at every round."""
    await world.run()
    await world.evaluate.install(LOCAL, [AlertRule(name="Hot", expr="hot > 50")])
    world.query.set("hot > 50", vector(("web-1", 60.0)))
    await world.run()
    assert world.states() == {"Hot/web-1": (FIRING, Reason.CONDITION_TRUE)}


async def test_the_alerts_of_a_removed_rule_end(world: World) -> None:
    """A firing alert whose rule was removed resolves with that reason, is shown a while, and then nothing is left."""
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    await world.run(3)
    await world.catalog.delete(DEFAULT_TENANT, RULE_KIND, "Hot")
    report = await world.run()
    assert [notice.alert.reason for notice in report.changes] == [Reason.RULE_REMOVED]
    assert world.states() == {"Hot/web-1": (RESOLVED, Reason.RULE_REMOVED)}
    assert world.evaluate.rules(LOCAL) == []
    await world.run(2, every=15 * 60)
    assert world.states() == {}


async def test_installing_a_rule_again_changes_no_document(world: World) -> None:
    """A rule that is there as it is keeps its version; another one of its name replaces it."""
    await world.evaluate.install(LOCAL, [HOT])
    assert (await world.catalog.get(DEFAULT_TENANT, RULE_KIND, "Hot")).version == 1
    await world.evaluate.install(LOCAL, [AlertRule(name="Hot", expr="hot > 80")])
    assert (await world.catalog.get(DEFAULT_TENANT, RULE_KIND, "Hot")).version == 2


async def test_installing_leaves_what_people_saved(world: World) -> None:
    """A rule that somebody changed stays; one that nobody can read is put right."""
    changed = AlertRule(name="Hot", expr="hot > 50", saved=True)
    await world.catalog.put(DEFAULT_TENANT, RULE_KIND, "Hot", encode_rule(changed))
    await world.catalog.put(DEFAULT_TENANT, RULE_KIND, "Cold", b"{")
    await world.evaluate.install(LOCAL, [HOT, COLD])
    bodies = {one.key: one.body for one in await world.catalog.list(DEFAULT_TENANT, RULE_KIND)}
    assert bodies == {"Hot": encode_rule(changed), "Cold": encode_rule(COLD)}


async def test_a_disabled_rule_is_not_evaluated(world: World) -> None:
    """Its alerts end, as if it were gone, and it goes on when it is enabled again."""
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    await world.run(3)
    await world.evaluate.install(LOCAL, [replaced(HOT, enabled=False)])
    report = await world.run()
    assert (report.evaluated, world.states()) == (0, {"Hot/web-1": (RESOLVED, Reason.RULE_REMOVED)})
    assert world.evaluate.rules(LOCAL) == []
    await world.evaluate.install(LOCAL, [HOT])
    await world.run()
    assert world.states() == {"Hot/web-1": (PENDING, Reason.CONDITION_TRUE_AGAIN)}


async def test_only_a_few_rules_are_evaluated_at_once(world: World) -> None:
    """However many rules there are, the queries of people find room beside theirs."""
    rules = [AlertRule(name=f"R{number}", expr=f"m{number}") for number in range(20)]
    await world.evaluate.install(LOCAL, rules)
    report = await world.run()
    assert report.evaluated == 21
    assert world.query.most == CONCURRENCY


async def test_alerts_are_counted_by_state(world: World) -> None:
    """Our own metrics say how many alerts there are in each state."""
    await world.evaluate.install(LOCAL, [COLD])
    world.query.set("hot > 90", vector(("a", 95.0), ("b", 95.0)))
    world.query.set("cold < 5", vector(("a", 1.0)))
    await world.run()
    assert world.counted("sightline_alerts") == {
        ("pending",): 2.0,
        ("firing",): 1.0,
        ("resolved",): 0.0,
        ("unknown",): 0.0,
    }


def busy_host(seconds: range) -> SealedRange:
    """A host, sampled every 5 s, whose CPU is busy for 95 % of the time and whose memory is used for 90 %."""
    rates = {"idle": 0.02, "iowait": 0.03, "user": 0.9, "steal": 0.05}
    series = [
        (Labels.of(__name__="node_cpu_seconds_total", cpu=cpu, mode=mode, instance="web-1", job="node"), 50.0, rate)
        for cpu in ("0", "1")
        for mode, rate in rates.items()
    ]
    series += [
        (Labels.of(__name__="node_memory_MemAvailable_bytes", instance="web-1", job="node"), 1e9, 0.0),
        (Labels.of(__name__="node_memory_MemTotal_bytes", instance="web-1", job="node"), 1e10, 0.0),
    ]
    samples = [
        (number, second * 1_000, start + rate * second)
        for number, (_, start, rate) in enumerate(series)
        for second in seconds
    ]
    seen = SeriesSeen.of(
        *((series_id(labels), labels, seconds.start * 1_000, seconds.stop * 1_000) for labels, _, _ in series)
    )
    ids = seen.ids
    metrics = np.array([metric_id(labels.name) for labels, _, _ in series], np.uint64)
    index, times, values = zip(*samples, strict=True)
    entry = Appended(
        DEFAULT_TENANT,
        seconds.start,
        seen,
        ids,
        metrics,
        np.array(index, np.uint32),
        np.array(times, np.int64),
        np.array(values, np.float64),
    )
    return seal(1, [entry])


async def test_the_host_rules_fire_on_a_busy_host() -> None:
    """Over real queries CPU and memory alerts are pending, fire, and resolve for want of data when the host falls silent."""
    world, series = World(), MemorySeries()
    world.clock = ManualClock(60_000)
    await series.write(busy_host(range(0, 81, 5)))
    with ThreadPoolExecutor(1) as executor:
        query = Query(series=series, clock=world.clock, telemetry=world.telemetry, executor=executor)
        evaluate = Evaluate(query, world.catalog, world.bus, world.heard, world.clock, world.telemetry)
        await evaluate.install(LOCAL, host_rules())
        changes: list[tuple[str, AlertState, str]] = []
        for _ in range(80):
            report = await evaluate.run_once()
            assert report.failing == ()
            changes += [
                (each.alert.rule, each.alert.state, each.alert.annotations.get("summary")) for each in report.changes
            ]
            await world.clock.advance(5)
    cpu, memory = ("HighCpuUsage", "CPU 95.0 %"), ("HighMemoryUsage", "Memory 90.0 %")
    assert changes == [(name, state, text) for state in (PENDING, FIRING) for name, text in (cpu, memory)] + [
        (name, RESOLVED, text) for name, text in (cpu, memory)
    ]
    assert {alert.reason for alert in evaluate.alerts(LOCAL)} == {Reason.NO_DATA}


async def test_a_rule_goes_on_with_what_fired_before_the_program_started(world: World) -> None:
    """Its alerts need not wait again, and one whose condition is false meanwhile has ended."""
    labels = [Labels.of(alertname="Hot", severity="warning", instance=instance) for instance in ("web-1", "web-2")]
    world.heard.before[DEFAULT_TENANT, "Hot"] = [
        PostedAlert(DEFAULT_TENANT, each, Labels(), 1_000, None, 2_000, rule="Hot", value=93.0) for each in labels
    ]
    world.query.set("hot > 90", vector(("web-1", 95.0)))
    world.query.set("hot", vector(("web-1", 95.0), ("web-2", 10.0)))
    await world.run()
    assert world.states() == {
        "Hot/web-1": (FIRING, Reason.CONDITION_HELD),
        "Hot/web-2": (RESOLVED, Reason.CONDITION_FALSE),
    }
    assert world.heard.states() == [RESOLVED]
