"""Alert rules that people save."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application import prescribe
from sightline.application.prescribe import Origin, PrescribeRules
from sightline.domain.alerts.radar import Reason, Suspect
from sightline.domain.alerts.rule import RULE_KIND, AlertRule
from sightline.domain.errors import (
    Conflict,
    InvalidParameter,
    MalformedQuery,
    NotFound,
    NotSupported,
    QueryTimeout,
    SightlineError,
)
from sightline.domain.labels import Labels
from sightline.domain.promql.places import Place
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant
from sightline.domain.timerange import Grid

pytestmark = pytest.mark.anyio

BUILT_IN = AlertRule(name="High", expr="load > 90", data="load")
MINE = AlertRule(name="Mine", expr="queue > 5")
OTHER = Principal("someone", Tenant("other"))


@dataclass
class World:
    """The use case over a catalog in memory; `there` are the texts that have an element, `failure` what all others raise.

    missing: metrics that are not there, with the nearest names.
    """

    catalog: MemoryCatalog = field(default_factory=MemoryCatalog)
    there: set[str] = field(default_factory=set)
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failure: SightlineError | None = None

    def __post_init__(self) -> None:
        self.rules = PrescribeRules(self.catalog, self, self, ManualClock(), [BUILT_IN], external_url="http://sight")

    async def check(self, principal: Principal, rule: AlertRule) -> tuple[Suspect, ...]:
        """The metrics that are missing and that it names."""
        assert principal == LOCAL
        return tuple(
            Suspect(
                Reason.SELECTOR_MATCHES_NOTHING, name, Place.NEEDED, matches=False, metric_exists=False, nearest=near
            )
            for name, near in self.missing.items()
            if name in rule.expr
        )

    async def instant(self, principal: Principal, text: str, at: int) -> Answer:
        """One element, or none."""
        assert principal == LOCAL
        if self.failure is not None and text not in self.there:
            raise self.failure
        labels = (Labels(),) if text in self.there else ()
        value = Vector(labels, np.ones((len(labels), 1)), np.ones((len(labels), 1), np.bool_))
        return Answer(Grid.instant(at), value)


@pytest.fixture
def world() -> World:
    """An empty one."""
    return World()


async def test_a_rule_is_saved_read_and_deleted(world: World) -> None:
    """Its version grows with every change."""
    first = await world.rules.put(LOCAL, MINE, 0)
    assert (first.version, first.origin, first.rule.expr) == (1, Origin.SAVED, "queue > 5")
    await world.rules.put(LOCAL, AlertRule(name="Mine", expr="queue > 6"), 1)
    found = await world.rules.get(LOCAL, "Mine")
    assert (found.version, found.rule.expr) == (2, "queue > 6")
    assert [one.rule.name for one in await world.rules.list(LOCAL)] == ["Mine"]
    await world.rules.delete(LOCAL, "Mine")
    for gone in (world.rules.get, world.rules.delete):
        with pytest.raises(NotFound, match="Mine"):
            await gone(LOCAL, "Mine")


async def test_a_change_that_was_not_seen_is_not_overwritten(world: World) -> None:
    """What is expected must be there."""
    await world.rules.put(LOCAL, MINE, 0)
    for expected in (0, 2):
        with pytest.raises(Conflict):
            await world.rules.put(LOCAL, MINE, expected)


@pytest.mark.parametrize(
    ("rule", "error", "said"),
    [
        (AlertRule(name="a/b", expr="up"), InvalidParameter, "no slash"),
        (AlertRule(name=" a", expr="up"), InvalidParameter, "no blank"),
        (AlertRule(name="a" * 201, expr="up"), InvalidParameter, "200"),
        (AlertRule(name="a\nb", expr="up"), InvalidParameter, "shown"),
        (AlertRule(name="a", expr="up >"), MalformedQuery, "expr: "),
        (AlertRule(name="a", expr="up", data="sum("), MalformedQuery, "data: "),
    ],
)
async def test_a_rule_that_could_not_be_evaluated_is_refused(
    world: World, rule: AlertRule, error: type[SightlineError], said: str
) -> None:
    """Nothing is saved, and the message says what is wrong."""
    with pytest.raises(error, match=said):
        await world.rules.put(LOCAL, rule, None)
    assert await world.catalog.list(DEFAULT_TENANT, RULE_KIND) == []
    assert [type(each) for each in (await world.rules.judge(LOCAL, rule)).errors] == [error]


async def test_rules_of_a_tenant_that_is_not_evaluated_are_refused(world: World) -> None:
    """Nobody shall wait for an alert that cannot come."""
    with pytest.raises(NotSupported, match="'default' alone"):
        await world.rules.put(OTHER, MINE, None)
    assert (await world.rules.judge(OTHER, MINE)).errors
    with pytest.raises(NotFound):
        await world.rules.restore(OTHER, "High")


async def test_there_is_a_bound_on_rules(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused; those that are there may change."""
    monkeypatch.setattr(prescribe, "MAX_RULES", 1)
    await world.rules.put(LOCAL, MINE, None)
    await world.rules.put(LOCAL, MINE, None)
    with pytest.raises(Conflict, match="delete one first"):
        await world.rules.put(LOCAL, AlertRule(name="Next", expr="up"), None)


async def test_a_built_in_rule_is_changed_and_restored(world: World) -> None:
    """It is told which it is; deleting it is refused."""
    await world.rules.restore(LOCAL, "High")
    assert (await world.rules.get(LOCAL, "High")).origin is Origin.BUILT_IN
    changed = await world.rules.put(LOCAL, AlertRule(name="High", expr="load > 50"), 1)
    assert changed.origin is Origin.CHANGED
    with pytest.raises(Conflict, match="disable it, or restore it"):
        await world.rules.delete(LOCAL, "High")
    restored = await world.rules.restore(LOCAL, "High")
    assert (restored.rule, restored.origin, restored.version) == (BUILT_IN, Origin.BUILT_IN, 3)
    with pytest.raises(NotFound, match="comes with the program"):
        await world.rules.restore(LOCAL, "Mine")


async def test_a_rule_is_disabled_and_enabled(world: World) -> None:
    """Doing it twice changes nothing; a rule that comes with the program counts as changed."""
    await world.rules.restore(LOCAL, "High")
    off = await world.rules.enable(LOCAL, "High", enabled=False)
    assert (off.rule.enabled, off.origin, off.version) == (False, Origin.CHANGED, 2)
    assert (await world.rules.enable(LOCAL, "High", enabled=False)).version == 2
    assert (await world.rules.enable(LOCAL, "High", enabled=True)).rule.enabled


async def test_what_cannot_be_read_disturbs_no_other(world: World) -> None:
    """A bad document is not listed."""
    await world.rules.put(LOCAL, MINE, 0)
    await world.catalog.put(DEFAULT_TENANT, RULE_KIND, "Bad", b"{")
    assert [one.rule.name for one in await world.rules.list(LOCAL)] == ["Mine"]


async def test_judging_tells_what_would_match(world: World) -> None:
    """How many elements there are now, and which metrics are not there; nothing is saved."""
    world.there, world.missing = {"queue > 5 and load > 1"}, {"queue": ("queues",)}
    judged = await world.rules.judge(LOCAL, AlertRule(name="Mine", expr="queue > 5 and load > 1", data="queue"))
    assert (judged.errors, judged.matches) == ((), 1)
    assert judged.warnings == ("queue matches no series: there is no such metric now; nearest: queues",)
    assert await world.rules.list(LOCAL) == []


@pytest.mark.parametrize(("there", "holds"), [("queue > 5", True), ("queue", False)])
async def test_judging_shows_what_an_alert_would_say(world: World, there: str, *, holds: bool) -> None:
    """An element of the condition fills the templates, or without one an element of what is watched."""
    world.there = {there}
    annotations = {"summary": "{{ $value }} wait, see {{ $externalURL }}"}
    rule = AlertRule(name="Mine", expr="queue > 5", data="queue", labels={"team": "ops"}, annotations=annotations)
    example = (await world.rules.judge(LOCAL, rule)).example
    assert example is not None
    assert (dict(example.labels)["team"], example.holds) == ("ops", holds)
    assert dict(example.annotations) == {"summary": "1 wait, see http://sight"}


async def test_without_elements_there_is_no_example(world: World) -> None:
    """Nothing is there to fill templates with."""
    assert (await world.rules.judge(LOCAL, MINE)).example is None


@pytest.mark.parametrize(
    ("failure", "is_error"), [(QueryTimeout("too slow"), False), (NotSupported("no such function"), True)]
)
async def test_judging_tells_what_cannot_be_evaluated(world: World, failure: SightlineError, *, is_error: bool) -> None:
    """What never can be is an error, and what cannot be now is a warning."""
    world.failure = failure
    judged = await world.rules.judge(LOCAL, MINE)
    assert (bool(judged.errors), bool(judged.warnings)) == (is_error, not is_error)


async def test_both_expressions_are_judged(world: World) -> None:
    """Each error has its field and place."""
    judged = await world.rules.judge(LOCAL, AlertRule(name="Mine", expr="up >", data="sum(("))
    assert [each.detail["field"] for each in judged.errors] == ["expr", "data"]
    assert [(each.detail["line"], each.detail["column"]) for each in judged.errors] == [(1, 5), (1, 6)]
