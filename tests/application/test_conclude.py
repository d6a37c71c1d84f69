"""Checks that ask nobody outside: expressions over series, and other checks taken together."""

import asyncio
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.application.uptime_world import UptimeWorld
from tests.domain.probes.checks import definition

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application.conclude import ComposedProber, PromqlProber, composed
from sightline.domain.errors import MalformedQuery, SightlineError
from sightline.domain.labels import Labels
from sightline.domain.probes.options import Composed, Promql
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState
from sightline.domain.promql.values import Answer, Scalar, Value, Vector
from sightline.domain.tenancy import DEFAULT_TENANT, Principal, Role, Tenant
from sightline.domain.timerange import Grid
from sightline.ports.prober import Attempt

UP, DEGRADED, DOWN = CheckState.UP, CheckState.DEGRADED, CheckState.DOWN
LEFT_OUT = (CheckState.PAUSED, CheckState.MAINTENANCE, CheckState.UNKNOWN)
NAMES = st.text("abc", min_size=1, max_size=3)


class ScriptedQuery:
    """A query that takes `takes` seconds, and then has a value, or fails. asked: who asked what, and of when."""

    def __init__(self, clock: ManualClock, value: Value | SightlineError, takes: float = 0.0) -> None:
        self._clock = clock
        self._value = value
        self._takes = takes
        self.asked: list[tuple[Principal, str, int]] = []

    async def instant(self, principal: Principal, text: str, at: int, /) -> Answer:
        """The value that was set."""
        self.asked.append((principal, text, at))
        if self._takes:
            await self._clock.sleep(self._takes)
        if isinstance(self._value, SightlineError):
            raise self._value
        return Answer(Grid(at, at, 1), self._value)


def vector(*values: float) -> Vector:
    """An instant vector of these values; one more series is there that has none now."""
    labels = tuple(Labels.of(instance=str(place)) for place in range(len(values) + 1))
    present = np.array([*([True] for _ in values), [False]])
    return Vector(labels, np.array([*([value] for value in values), [0.0]]), present)


async def of_expression(value: Value | SightlineError) -> Outcome:
    """What a probe of an expression with this value sees."""
    clock = ManualClock()
    attempt = Attempt(definition(url="", options=Promql(expr="queue < 5")), 10.0)
    return await PromqlProber(ScriptedQuery(clock, value), clock).probe(attempt)


def scalar(value: float) -> Scalar:
    """A scalar at an instant."""
    return Scalar(np.array([value]))


async def test_an_expression_is_asked_for_the_tenant_and_may_read_only() -> None:
    """A check of one tenant never sees series of another."""
    clock, tenant = ManualClock(), Tenant("other")
    query = ScriptedQuery(clock, scalar(1.0))
    attempt = Attempt(definition(url="", options=Promql(expr="up")), 10.0, tenant=tenant)
    await PromqlProber(query, clock).probe(attempt)
    ((principal, text, at),) = query.asked
    assert (principal.tenant, principal.role, text, at) == (tenant, Role.READER, "up", clock.now())


@given(st.lists(st.floats(), min_size=1, max_size=5))
async def test_an_expression_is_up_while_anything_but_nothing_and_zero_is_there(values: list[float]) -> None:
    """NaN is no yes; one element that is neither is enough."""
    outcome = await of_expression(vector(*values))
    is_up = any(value != 0 and not math.isnan(value) for value in values)
    assert outcome.reason is (Reason.OK if is_up else Reason.UNEXPECTED)
    assert outcome.facts["elements"] == len(values)


async def test_an_expression_that_is_a_number_is_told() -> None:
    """A scalar of 0 is down, and the message has the number."""
    assert (await of_expression(scalar(3.0))).facts["value"] == 3.0
    outcome = await of_expression(scalar(0.0))
    assert (outcome.reason, outcome.message) == (Reason.UNEXPECTED, "the expression is 0")


async def test_an_expression_that_yields_nothing_is_down() -> None:
    """As `up == 1` does where the target is gone."""
    assert (await of_expression(vector())).reason is Reason.NO_DATA


async def test_an_expression_that_cannot_be_evaluated_says_why() -> None:
    """The error of the query is the message."""
    outcome = await of_expression(MalformedQuery("1:5: there is no function named rat"))
    assert (outcome.reason, outcome.message) == (Reason.QUERY_FAILED, "1:5: there is no function named rat")


async def test_a_query_is_timed() -> None:
    """By the clock that never goes back, whatever becomes of the wall's meanwhile."""
    clock = ManualClock()
    prober = PromqlProber(ScriptedQuery(clock, scalar(1.0), takes=2.0), clock)
    probe = asyncio.ensure_future(prober.probe(Attempt(definition(url="", options=Promql(expr="up")), 10.0)))
    await clock.until_sleeping()
    clock.jump(-3_600_000)
    await clock.advance(2.0)
    assert (await probe).seconds == pytest.approx(2.0)


async def test_a_query_that_takes_too_long_is_given_up() -> None:
    """The attempt's time is over before it begins, so that this waits for nothing."""
    clock = ManualClock()
    prober = PromqlProber(ScriptedQuery(clock, scalar(1.0), takes=1.0), clock)
    outcome = await prober.probe(Attempt(definition(url="", options=Promql(expr="up")), 0.0))
    assert (outcome.reason, outcome.message) == (Reason.TIMED_OUT, "the query took longer than 0 s")


@given(st.dictionaries(NAMES, st.sampled_from(CheckState)), st.integers(0, 6))
def test_parts_that_say_nothing_are_as_if_they_were_not_there(states: dict[str, CheckState], need: int) -> None:
    """What is paused, in maintenance or unknown neither counts as up nor as down."""
    counted = {name: state for name, state in states.items() if state not in LEFT_OUT}
    assert composed(states, need) == composed(counted, need)


@given(st.dictionaries(NAMES, st.sampled_from((UP, DEGRADED, DOWN, CheckState.UNREACHABLE)), min_size=1))
def test_all_parts_must_be_up_unless_told_how_many(states: dict[str, CheckState]) -> None:
    """Degraded is up; and as many as are needed are never more than there are."""
    up = sum(state in {UP, DEGRADED} for state in states.values())
    assert composed(states, 0).ok is (up == len(states))
    for need in range(1, len(states) + 3):
        assert composed(states, need).ok is (up >= min(need, len(states)))


@given(st.dictionaries(NAMES, st.sampled_from(CheckState), min_size=1), st.integers(0, 6), st.data())
def test_a_part_that_comes_up_never_takes_the_whole_down(
    states: dict[str, CheckState], need: int, data: st.DataObject
) -> None:
    """Of parts that count: what was up with it down is up with it up."""
    name = data.draw(st.sampled_from(sorted(states)))
    if composed({**states, name: DOWN}, need).ok:
        assert composed({**states, name: UP}, need).ok


def test_parts_that_are_down_are_named() -> None:
    """Five of them, with their states, and how many there are besides."""
    outcome = composed({"web": UP, **dict.fromkeys("fedcbag", DOWN)}, 0)
    assert outcome.reason is Reason.TOO_FEW_UP
    assert outcome.message == "1 of 8 are up; not: a (down), b (down), c (down), d (down), e (down) and 2 more"
    assert dict(outcome.facts) == {"up": 1.0, "of": 8.0}


def test_parts_of_which_none_counts_decide_nothing() -> None:
    """Nobody can tell: the whole is neither up nor down."""
    assert composed(dict.fromkeys("abc", CheckState.PAUSED), 0).reason is Reason.UNDECIDED
    assert composed({}, 1).reason is Reason.UNDECIDED


async def test_a_composed_check_looks_at_its_parts_only() -> None:
    """Others of the tenant may be down, and another tenant's of the same names too."""
    world = UptimeWorld()
    web, api, other = await world.with_checks("web", "api", "other")
    for check, verdict in ((web, Verdict.UP), (api, Verdict.DEGRADED), (other, Verdict.DOWN)):
        await world.found(check, verdict)
    prober = ComposedProber(world.assess)
    attempt = Attempt(definition("all", url="", options=Composed(checks=("web", "api", "gone"))), 1.0)
    assert (attempt.tenant, prober.kinds) == (DEFAULT_TENANT, frozenset({"composed"}))
    outcome = await prober.probe(attempt)
    assert (outcome.reason, dict(outcome.facts)) == (Reason.OK, {"up": 2.0, "of": 2.0})
    await world.passed(1)
    await world.found(api, Verdict.DOWN)
    assert (await prober.probe(attempt)).message == "1 of 2 are up; not: api (down)"
    elsewhere = Attempt(attempt.definition, 1.0, tenant=Tenant("other"))
    assert (await prober.probe(elsewhere)).reason is Reason.UNDECIDED
