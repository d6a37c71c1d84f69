"""Probe a check once: its attempts, what they mean, and the trace that they carry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.client_span import Joint, check_span, client_span, is_traced
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.result import HERE, Judgement, Result, Verdict
from sightline.domain.probes.stalls import Stalls
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import SECOND
from sightline.domain.traces.span import Span
from sightline.ports.clock import Clock
from sightline.ports.prober import Attempt, Prober
from sightline.ports.telemetry import Instrument, Kind, Telemetry

PROBES: Final = Instrument(
    "sightline_probes_total",
    "Probes by kind of check and verdict, retries not counted.",
    Kind.COUNTER,
    ("type", "verdict"),
)

# A prober may take a tenth of a second more than its timeout; the rest is for judging and for beginning a little late.
_STALLED: Final = 0.2
"""The part of a timeout that we may stand still ourselves before nobody can tell whose fault it was."""
_TRACE_BYTES: Final = 16
_SPAN_BYTES: Final = 8
_NS_PER_SECOND: Final = 1_000_000_000
_VALUE: Final = "value"
"""The fact that an expression has."""
_EXPIRES_AT: Final = "expires_at"
"""The fact that tells when what a prober saw ends, ms."""


class Judges(Protocol):
    """Says whether what a probe saw is well: a definition's conditions, read once."""

    def judge(self, outcome: Outcome, now: int) -> Judgement:
        """The verdict on an outcome at `now` (ms)."""
        ...


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe: what it comes to, what its last attempt saw, and the spans of its attempts, the first one first."""

    result: Result
    outcome: Outcome
    spans: tuple[Span, ...] = ()


class Probe:
    """The use case. A check that failed is tried again as often as it says, and its last attempt counts.

    All attempts together take less than an interval, so that a check is never late of itself: near its end the timeout of an
    attempt is cut short, and what has no time left is not tried. A kind that nobody here can probe is NOT_SUPPORTED.
    """

    def __init__(
        self,
        probers: Mapping[str, Prober],
        clock: Clock,
        telemetry: Telemetry,
        new_id: Callable[[int], str],
        keep: Callable[[tuple[Tenant, Span]], None],
        *,
        location: str = HERE,
        version: str = "",
        stalls: Stalls | None = None,
    ) -> None:
        """`probers`: by kind. `new_id`: so many random bytes in hexadecimal. `keep`: takes spans, without waiting.

        `stalls`: when this program stood still.
        """
        self._probers = probers
        self._clock = clock
        self._telemetry = telemetry
        self._new_id = new_id
        self._keep = keep
        self._stalls = stalls or Stalls()
        self._location = location
        self._resource = {"service.name": "sightline", "service.version": version, "sightline.location": location}

    async def once(self, tenant: Tenant, check: Check, judge: Judges) -> Result:
        """Probe a check, keep its spans, and tell what came of it.

        Raises nothing but what a defect raises, of a prober or a judge; `failed` makes a result of that.
        """
        probed = await self.look(tenant, check, judge)
        for span in probed.spans:
            self._keep((tenant, span))
        self._telemetry.add(PROBES, 1, (check.definition.kind, probed.result.verdict))
        return probed.result

    def failed(self, check: Check, message: str) -> Result:
        """What stands for a probe that a defect ended."""
        self._telemetry.add(PROBES, 1, (check.definition.kind, Verdict.DOWN))
        judgement = Judgement(Verdict.DOWN, Reason.DEFECT, message)
        return self._result(check, _Try(self._clock.now(), None, Outcome(), judgement), 1, "")

    async def look(self, tenant: Tenant, check: Check, judge: Judges) -> Probed:
        """Probe a check, and tell all that was seen; nothing is kept or counted."""
        definition, clock = check.definition, self._clock
        trace_id = self._new_id(_TRACE_BYTES) if is_traced(definition) else ""
        pause = definition.retry_interval / SECOND
        started = clock.monotonic()
        ends = started + definition.room / SECOND
        tries: list[_Try] = []
        while True:
            within = min(definition.timeout / SECOND, ends - clock.monotonic())
            last = await self._try(tenant, definition, judge, trace_id, within)
            tries.append(last)
            if last.judgement.verdict is not Verdict.DOWN or len(tries) > definition.retries:
                break
            if clock.monotonic() + pause >= ends:
                break
            await clock.sleep(pause)
        result = self._result(check, last, len(tries), trace_id)
        spans = self._spans(check, tries, trace_id, clock.monotonic() - started) if trace_id else ()
        return Probed(result, last.outcome, spans)

    async def _try(self, tenant: Tenant, definition: Definition, judge: Judges, trace_id: str, within: float) -> "_Try":
        prober = self._probers.get(definition.kind)
        joint = Joint(trace_id, self._new_id(_SPAN_BYTES)) if trace_id else None
        at = self._clock.now()
        if prober is None:
            message = f"checks of type {definition.kind} cannot be probed from {self._location}"
            outcome = Outcome(reason=Reason.NOT_SUPPORTED, message=message)
        else:
            began = self._clock.monotonic()
            outcome = await prober.probe(Attempt(definition, within, joint.traceparent if joint else "", tenant))
            if outcome.reason is Reason.TIMED_OUT:
                outcome = await self._believed(outcome, began, within)
        return _Try(at, joint, outcome, judge.judge(outcome, self._clock.now()))

    async def _believed(self, outcome: Outcome, began: float, within: float) -> Outcome:
        """A time-out, unless we stood still ourselves for a good part of the time that there was."""
        await self._clock.sleep(0)  # whoever measures that may be due just now, too
        lost = self._stalls.since(began)
        if lost < _STALLED * within:
            return outcome
        message = f"the monitor stood still for {lost:.1f} s meanwhile: {outcome.message}"
        return replace(outcome, reason=Reason.STALLED, message=message)

    def _result(self, check: Check, last: "_Try", attempts: int, trace_id: str) -> Result:
        outcome, judgement = last.outcome, last.judgement
        return Result(
            check=check.id,
            location=self._location,
            at=last.at,
            seconds=outcome.seconds,
            verdict=judgement.verdict,
            reason=judgement.reason,
            message=judgement.message,
            status=outcome.status,
            phases=outcome.phases,
            size=outcome.size,
            attempts=attempts,
            redirects=outcome.redirects,
            version=outcome.version,
            address=outcome.address,
            certificate=outcome.certificate,
            expires_at=_expires_at(outcome),
            trace_id=trace_id,
            value=value if isinstance(value := outcome.facts.get(_VALUE), float) else None,
            numbers=_numbers(outcome) if outcome.facts else (),
        )

    def _spans(self, check: Check, tries: Sequence["_Try"], trace_id: str, seconds: float) -> tuple[Span, ...]:
        """One of each attempt; where there were several, one more that holds them together."""
        first, last = tries[0], tries[-1]
        above: tuple[Span, ...] = ()
        if first is not last:
            whole, failed = Joint(trace_id, self._new_id(_SPAN_BYTES)), last.judgement.verdict is Verdict.DOWN
            took = round(seconds * _NS_PER_SECOND)
            above = (check_span(check, whole, first.at, took, failed=failed, resource=self._resource),)
        parent = above[0].span_id if above else ""
        return *above, *(
            client_span(
                check,
                one.joint,
                one.outcome,
                one.judgement,
                one.at,
                parent_id=parent,
                resent=resent,
                resource=self._resource,
            )
            for resent, one in enumerate(tries)
            if one.joint is not None
        )


_TOLD_APART: Final = frozenset({_VALUE, _EXPIRES_AT})
"""Facts with fields of their own."""


@dataclass(frozen=True, slots=True)
class _Try:
    """An attempt that began at `at` (ms), and what it came to."""

    at: int
    joint: Joint | None
    outcome: Outcome
    judgement: Judgement


def _expires_at(outcome: Outcome) -> int | None:
    """When what was shown ends, ms: a certificate, or a registration."""
    if outcome.certificate is not None:
        return outcome.certificate.expires_at
    ends = outcome.facts.get(_EXPIRES_AT)
    return int(ends) if isinstance(ends, int | float) else None


def _numbers(outcome: Outcome) -> tuple[tuple[str, float], ...]:
    """The facts that become series."""
    facts = outcome.facts.items()
    return tuple((name, float(one)) for name, one in facts if isinstance(one, float | int) and name not in _TOLD_APART)
