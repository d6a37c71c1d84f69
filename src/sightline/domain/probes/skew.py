"""What time it is elsewhere, by asking now and then."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from sightline.domain.timerange import SECOND

_KEPT: Final = 8
"""Answers that are remembered: the quickest of them tells best."""
_JUMP: Final = 100
"""ms by which an answer may differ beyond what its own way explains, before the other clock must have been set."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """base: their time less our monotonic time, ms; right to half of `way`, ms."""

    base: float
    way: float


class Skew:
    """Measures another clock against monotonic time, so that setting our own wall clock changes nothing.

    An answer tells the other's time in the middle of its way, give or take half of it. The quickest of the last few counts; one
    that cannot agree with it says that the other clock was set, and counts alone.
    """

    def __init__(self) -> None:
        self._answers: deque[_Answer] = deque(maxlen=_KEPT)
        self._best: _Answer | None = None

    def measure(self, asked: float, theirs: int, answered: float) -> None:
        """They said that it was `theirs` (ms), between `asked` and `answered` of our monotonic time (seconds)."""
        answer = _Answer(theirs - (asked + answered) / 2 * SECOND, (answered - asked) * SECOND)
        best = self._best
        if best is not None and abs(answer.base - best.base) > (answer.way + best.way) / 2 + _JUMP:
            self._answers.clear()
        self._answers.append(answer)
        self._best = min(reversed(self._answers), key=lambda one: one.way)

    def now(self, monotonic: float) -> int | None:
        """Their time, ms; None before anything was measured."""
        return None if self._best is None else round(self._best.base + monotonic * SECOND)
