"""Examine a definition: probe it once, now, and show all of it, without keeping anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sightline.domain.errors import BadData, NotSupported
from sightline.domain.probes.check import Definition
from sightline.domain.probes.condition import parse_condition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.result import Judgement
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock
from sightline.ports.prober import Attempt, Prober


@dataclass(frozen=True, slots=True)
class ConditionSeen:
    """Whether a condition holds of what came. why: in words, empty where it does."""

    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What one attempt saw at `at` (ms), and what it means."""

    at: int
    outcome: Outcome
    judgement: Judgement
    conditions: Sequence[ConditionSeen]


class Examine:
    """The use case. probers: by kind."""

    def __init__(self, probers: Mapping[str, Prober], clock: Clock) -> None:
        self._probers = probers
        self._clock = clock

    async def __call__(self, principal: Principal, definition: Definition) -> Examined:
        """Try once.

        Raises:
            BadData: a condition that does not parse.
            NotSupported: nothing is probed for checks of this kind, or not here.
        """
        judge = Judge.of(definition)
        prober = self._probers.get(definition.kind)
        if prober is None:
            raise NotSupported(
                f"a check of type {definition.kind} asks nobody: there is nothing to try", kind=definition.kind
            )
        at = self._clock.now()
        outcome = await prober.probe(Attempt(definition, definition.timeout / SECOND, tenant=principal.tenant))
        conditions = [_seen(text, outcome, at) for text in definition.conditions]
        return Examined(at, outcome, judge.judge(outcome, at), conditions)


def _seen(text: str, outcome: Outcome, at: int) -> ConditionSeen:
    if outcome.reason is not Reason.OK:
        return ConditionSeen(text, "nothing came that it could be held against")
    try:
        return ConditionSeen(text, parse_condition(text).check(outcome, at))
    except BadData as error:
        return ConditionSeen(text, error.message)
