"""Conclude how checks are that ask nobody outside: expressions over series, and other checks taken together."""

import asyncio
import math
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

from typing_extensions import override

from sightline.domain.errors import SightlineError
from sightline.domain.probes.options import Composed, Promql
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import CheckState
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import Principal, Role, Tenant
from sightline.ports.clock import Clock
from sightline.ports.prober import Attempt, Prober

_NAMED: Final = 5
_UP: Final = frozenset({CheckState.UP, CheckState.DEGRADED})
_LEFT_OUT: Final = frozenset({CheckState.PAUSED, CheckState.MAINTENANCE, CheckState.UNKNOWN})
"""States in which a part says nothing about the whole."""


class AskQuery(Protocol):
    """The part of the query use case that this needs."""

    async def instant(self, principal: Principal, text: str, at: int, /) -> Answer:
        """The value of an expression at an instant, ms."""
        ...


class KnowStandings(Protocol):
    """The part of assessing that this needs."""

    def named(self, tenant: Tenant, names: Iterable[str], /) -> list[Standing]:
        """How checks of these names stand; those that the tenant lacks are left out."""
        ...


class PromqlProber(Prober):
    """A condition over series: up while the expression yields anything but 0."""

    kinds = frozenset({"promql"})

    def __init__(self, query: AskQuery, clock: Clock) -> None:
        self._query = query
        self._clock = clock

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        options, started = attempt.definition.options, self._clock.monotonic()
        if not isinstance(options, Promql):
            return _of_another_kind(attempt)
        principal = Principal("probes", attempt.tenant, Role.READER)
        try:
            async with asyncio.timeout(attempt.timeout):
                answer = await self._query.instant(principal, options.expr, self._clock.now())
        except TimeoutError:
            message = f"the query took longer than {attempt.timeout:g} s"
            return Outcome(reason=Reason.TIMED_OUT, message=message, seconds=attempt.timeout)
        except SightlineError as error:
            seconds = self._clock.monotonic() - started
            return Outcome(reason=Reason.QUERY_FAILED, message=error.message, seconds=seconds)
        seconds, found = self._clock.monotonic() - started, elements(answer.value)
        if not len(found.there):
            return Outcome(reason=Reason.NO_DATA, message="the expression yields nothing", seconds=seconds)
        values = found.numbers().tolist()
        facts = {"value": float(values[0]), "elements": float(len(values))}
        if all(value == 0 or math.isnan(value) for value in values):
            return Outcome(
                reason=Reason.UNEXPECTED, message=f"the expression is {values[0]:g}", seconds=seconds, facts=facts
            )
        return Outcome(seconds=seconds, facts=facts)


class ComposedProber(Prober):
    """Other checks taken together; those that are paused, in maintenance or unknown are left out."""

    kinds = frozenset({"composed"})

    def __init__(self, assess: KnowStandings) -> None:
        self._assess = assess

    @override
    async def probe(self, attempt: Attempt) -> Outcome:
        options = attempt.definition.options
        if not isinstance(options, Composed):
            return _of_another_kind(attempt)
        states = {one.check.name: one.state for one in self._assess.named(attempt.tenant, options.checks)}
        return composed(states, options.need)


def _of_another_kind(attempt: Attempt) -> Outcome:
    message = f"nothing is concluded of checks of type {attempt.definition.kind}"
    return Outcome(reason=Reason.BAD_TARGET, message=message)


def composed(states: Mapping[str, CheckState], need: int) -> Outcome:
    """What the states of parts, by name, mean together. need: how many must be up; 0 all that are not left out."""
    counted = {name: state for name, state in states.items() if state not in _LEFT_OUT}
    up = [name for name, state in counted.items() if state in _UP]
    down = sorted(name for name in counted if name not in up)
    facts = {"up": float(len(up)), "of": float(len(counted))}
    if not counted:
        message = "all its parts are paused, in maintenance or unknown"
        return Outcome(reason=Reason.UNDECIDED, message=message, facts=facts)
    if len(up) >= (min(need, len(counted)) if need else len(counted)):
        return Outcome(facts=facts)
    names = ", ".join(f"{name} ({counted[name].value})" for name in down[:_NAMED])
    more = f" and {len(down) - _NAMED} more" if len(down) > _NAMED else ""
    message = f"{len(up)} of {len(counted)} are up; not: {names}{more}"
    return Outcome(reason=Reason.TOO_FEW_UP, message=message, facts=facts)
