"""How one check stands: what locations say of it, its state, and how one leads to the other."""

from dataclasses import dataclass, field, replace

from sightline.domain.probes.check import Check
from sightline.domain.probes.location import concerns
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.probes.state import TRANSITIONS, CheckState, StateEvent, StateReason, Transition
from sightline.domain.probes.voice import Decision, Voice, decide, is_open, silent_after
from sightline.domain.timerange import SECOND

_VERDICTS = frozenset({StateEvent.SUCCEEDED, StateEvent.DEGRADED, StateEvent.FAILED, StateEvent.FAILED_BEHIND})

_ILL = frozenset({CheckState.DOWN, CheckState.UNREACHABLE, CheckState.DEGRADED})
_HELD = {
    CheckState.UP: Verdict.UP,
    CheckState.DEGRADED: Verdict.DEGRADED,
    CheckState.DOWN: Verdict.DOWN,
    CheckState.UNREACHABLE: Verdict.DOWN,
}
"""What a location that was not heard yet holds on to, by how the check stands."""


@dataclass(slots=True)
class Standing:
    """One check, from result to result.

    latest: its newest transition, which says how it stands and why. silent_at: ms on the clock that never goes back, not before
    which a location may have to be taken as silent; None where none was heard. gathering_until: on the same clock, until when
    locations are waited for, from the first that was heard.
    """

    check: Check
    latest: Transition
    voices: dict[str, Voice] = field(default_factory=dict)
    silent_at: int | None = None
    gathering_until: int = 0

    @classmethod
    def new(cls, check: Check, at: int) -> "Standing":
        """Of a check that was never probed."""
        state, reason = CheckState.UNKNOWN, StateReason.NOT_PROBED
        if not check.definition.enabled:
            state, reason = CheckState.PAUSED, StateReason.SWITCHED_OFF
        return cls(check, Transition(check.id, at, state, state, reason))

    @property
    def state(self) -> CheckState:
        """Where it stands."""
        return self.latest.state

    @property
    def last(self) -> Result | None:
        """The newest result of any location that counts; None without one."""
        return max((voice.last for voice in self.voices.values()), key=lambda one: one.at, default=None)

    def hear(self, result: Result, monotonic: int, now: int) -> bool:
        """Take in a result, at `now` (ms); false where it tells nothing of how the check is now.

        That is where it is older than what its location said before, or so old that the location would be silent by now: it was
        found during an outage, and is brought afterwards. Or the check is not probed from there any more.
        """
        if self._is_of_before(result, now):
            return False
        before = self.voices.get(result.location)
        if before is None:
            if not self.voices:
                self.gathering_until = self.silent_at = monotonic + silent_after(self.check.definition)
            self.voices[result.location] = self._first(result, monotonic)
            return True
        if result.at <= before.last.at and monotonic - before.heard_at < silent_after(self.check.definition):
            return False  # an answer that was buffered on its way, or comes a second time
        self.voices[result.location] = before.after(result, monotonic, self.check.definition)
        return True

    def fall_silent(self, result: Result, monotonic: int, now: int) -> bool:
        """Who brings this cannot tell, at `now` (ms), and counts no more; false where it tells nothing of now, as in `hear`."""
        if self._is_of_before(result, now):
            return False
        before, silent = self.voices.get(result.location), silent_after(self.check.definition)
        if before is not None and result.at <= before.last.at and monotonic - before.heard_at < silent:
            return False
        self.voices.pop(result.location, None)
        return True

    def is_open(self, monotonic: int, places: int = 0) -> bool:
        """Whether it is too early to decide: the first location was heard just now, and those to come may say otherwise.

        places: how many there are from which checks are probed that do not say from where.
        """
        definition = self.check.definition
        if not definition.is_probed or monotonic >= self.gathering_until:
            return False  # what asks nobody is told of from one place, wherever else it says to be probed from
        return is_open(definition, self.voices, places, is_ill=self._was_ill)

    def decide(self, monotonic: int, *, behind: bool = False) -> Decision:
        """What the locations mean now. behind: whether something that it depends on is down."""
        decision = decide(self.check.definition, self.voices, monotonic)
        if behind and decision.event is StateEvent.FAILED:
            return replace(decision, event=StateEvent.FAILED_BEHIND, reason=StateReason.DEPENDENCY)
        return decision

    def is_failing(self, monotonic: int, places: int = 0) -> bool:
        """Whether what depends on it may fail for that alone: it is down, be it that nobody is to hear so during maintenance.

        places: as for `is_open`.
        """
        if self.state is CheckState.MAINTENANCE:
            return not self.is_open(monotonic, places) and self.decide(monotonic).event is StateEvent.FAILED
        return self.state in {CheckState.DOWN, CheckState.UNREACHABLE}

    def redefine(self, check: Check, monotonic: int) -> None:
        """The check says something else of itself from now on; what places said counts, but for those that are none any more."""
        self.check = check
        self.voices = {name: one for name, one in self.voices.items() if concerns(check.definition, name)}
        latest = monotonic + silent_after(check.definition)
        self.gathering_until = min(self.gathering_until, latest)
        if self.silent_at is not None:
            self.silent_at = min(self.silent_at, latest)

    def look_for_silence(self, monotonic: int) -> None:
        """Forget locations that were not heard for too long; monotonic: ms on the clock that never goes back."""
        after = silent_after(self.check.definition)
        for location in [name for name, one in self.voices.items() if one.heard_at + after <= monotonic]:
            del self.voices[location]
        self.silent_at = min((one.heard_at + after for one in self.voices.values()), default=None)

    def set_back(self, now: int) -> None:
        """The clock may have been set back: what was heard before is not after `now` (ms), so that what comes next counts."""
        for location, voice in self.voices.items():
            if voice.last.at >= now:
                self.voices[location] = replace(voice, last=replace(voice.last, at=now - 1))

    def move(self, decision: Decision, at: int) -> Transition | None:
        """Where that leads, at `at` (ms); None where all stays as it is.

        The state and its reason make a transition, and so does another set of locations; what a probe says beside that does not.
        Time goes forward: a transition is never before the one that was the last.
        """
        was = self.latest
        state = TRANSITIONS[was.state, decision.event]
        if state is was.state and not self._is_news(decision):
            return None
        decisive = decision.decisive
        moved = Transition(
            self.check.id,
            max(at, was.at + 1),
            was.state,
            state,
            decision.reason,
            decisive.reason.value if decisive is not None else "",
            decisive.message if decisive is not None else decision.message,
            decision.failing,
        )
        self.latest = moved
        return moved

    def _first(self, result: Result, monotonic: int) -> Voice:
        """What a location says that was not heard since the start, or was silent."""
        held = _HELD.get(self.state)
        if held is None:
            return Voice.first(result, monotonic)
        return Voice.holding(held, result, monotonic, self.check.definition)

    @property
    def _was_ill(self) -> bool:
        """Whether it was not well when it was last known how it is."""
        known = self.latest.previous if self.state is CheckState.UNKNOWN else self.state
        return known in _ILL

    def _is_of_before(self, result: Result, now: int) -> bool:
        """Whether it was found too long ago, or at a place that the check has left, to say how it is at `now` (ms)."""
        definition = self.check.definition
        is_old = now - result.at > silent_after(definition) + result.seconds * SECOND
        return is_old or not concerns(definition, result.location)

    def _is_news(self, decision: Decision) -> bool:
        """Whether a decision that leaves the state as it is says why with other words."""
        if self.state in {CheckState.PAUSED, CheckState.MAINTENANCE}:
            return False
        if decision.event is StateEvent.LOST:
            return decision.message not in {"", self.latest.message}
        if decision.event not in _VERDICTS:
            return False
        return decision.reason is not self.latest.reason or decision.failing != self.latest.locations
