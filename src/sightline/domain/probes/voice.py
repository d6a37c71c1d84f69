"""What the locations say of a check, and what that means together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.probes.state import StateEvent, StateReason
from sightline.domain.timerange import DAY

SILENT_AFTER: Final = 3
"""Intervals without a result after which a location is not heard any more."""
_NEVER: Final = 10_000 * DAY
_SETTLED: Final = 5_000
"""Ms on top of that, for results on their way."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What one location says of a check: its last result, and the verdict that it has come to.

    streak: how many results in a row spoke against the verdict. heard_at: ms on the clock that never goes back, when the result
    came in.
    """

    last: Result
    verdict: Verdict
    streak: int
    heard_at: int

    @classmethod
    def first(cls, result: Result, heard_at: int) -> "Voice":
        """Of a location that was not heard before, where nobody knows how the check was: its first result counts."""
        return cls(result, result.verdict, 0, heard_at)

    @classmethod
    def holding(cls, verdict: Verdict, result: Result, heard_at: int, definition: Definition) -> "Voice":
        """Of one that was not heard before, where it is known how the check was: its first result is one of those in a row."""
        return cls(result, verdict, 0, heard_at).after(result, heard_at, definition)

    def after(self, result: Result, heard_at: int, definition: Definition) -> "Voice":
        """With one more result: down needs `failures` in a row, and up again `successes`."""
        if (result.verdict is Verdict.DOWN) == (self.verdict is Verdict.DOWN):
            return Voice(result, result.verdict, 0, heard_at)
        needed = definition.failures if result.verdict is Verdict.DOWN else definition.successes
        if self.streak + 1 >= needed:
            return Voice(result, result.verdict, 0, heard_at)
        return Voice(result, self.verdict, self.streak + 1, heard_at)


@dataclass(frozen=True, slots=True)
class Decision:
    """What all locations together mean.

    decisive: the result that tells why; message: why, in words, where there is no such result. failing: those that find it down.
    """

    event: StateEvent
    reason: StateReason
    decisive: Result | None = None
    failing: tuple[str, ...] = ()
    message: str = ""


NOBODY: Final = Decision(StateEvent.LOST, StateReason.NOBODY_HEARD)


def silent_after(definition: Definition) -> int:
    """Ms without a result after which a location is not heard any more; heartbeats tell of silence themselves."""
    if isinstance(definition.options, Heartbeat):
        return _NEVER
    attempts = definition.retries * (definition.timeout + definition.retry_interval)
    return SILENT_AFTER * definition.interval + definition.timeout + attempts + _SETTLED


def decide(definition: Definition, voices: Mapping[str, Voice], now: int) -> Decision:
    """Down where as many locations as the quorum say so, of those that are heard; fewer make it degraded, and tell which.

    now: on the clock that never goes back, ms. The quorum is at most as many as are heard: silence is no sign of health.
    """
    oldest = now - silent_after(definition)
    heard = [voice for voice in voices.values() if voice.heard_at >= oldest]
    if not heard:
        return NOBODY
    failing = [voice for voice in heard if voice.verdict is Verdict.DOWN]
    needed = min(definition.quorum or len(heard) // 2 + 1, len(heard))
    places = tuple(sorted(voice.last.location for voice in failing))
    if len(failing) >= needed:
        return Decision(StateEvent.FAILED, StateReason.VERDICT, _newest(failing, Verdict.DOWN), places)
    if failing:
        return Decision(StateEvent.DEGRADED, StateReason.PARTIAL, _newest(failing, Verdict.DOWN), places)
    degraded = [voice for voice in heard if voice.verdict is Verdict.DEGRADED]
    if degraded:
        return Decision(StateEvent.DEGRADED, StateReason.VERDICT, _newest(degraded, Verdict.DEGRADED))
    return Decision(StateEvent.SUCCEEDED, StateReason.VERDICT, _newest(heard, Verdict.UP))


def is_open(definition: Definition, voices: Mapping[str, Voice], places: int = 0, *, is_ill: bool = False) -> bool:
    """Whether locations that are still to be heard can tell if a check that fails somewhere, or did, is down.

    They are known by their number only: as many as are named, or as the quorum needs, or else as many `places` as are in use.
    is_ill: whether the check was not well before, so that those who are well alone do not make it so.
    """
    expected = max(len(definition.locations) or places, definition.quorum, len(voices))
    needed = min(definition.quorum or expected // 2 + 1, expected)
    failing = sum(voice.verdict is Verdict.DOWN for voice in voices.values())
    if is_ill and failing < needed and len(voices) < expected:
        return True
    return 0 < failing < needed <= failing + expected - len(voices)


def _newest(voices: list[Voice], verdict: Verdict) -> Result:
    """The newest result of that verdict, or just the newest: while a streak lasts, results are of another verdict."""
    fitting = [voice for voice in voices if voice.last.verdict is verdict] or voices
    return max(fitting, key=lambda voice: voice.heard_at).last
