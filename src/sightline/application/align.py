"""Align our time with that of the program that we probe for."""

from collections.abc import Callable

from typing_extensions import override

from sightline.domain.probes.skew import Skew
from sightline.ports.clock import Clock, Timer


class AlignedClock(Clock):
    """Tells the other program's wall time, once it was measured, and our own until then; the rest is the clock's beneath."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._measured = Skew()

    @property
    def skew(self) -> int | None:
        """Our wall clock less theirs, ms; None before it was measured."""
        theirs = self._measured.now(self._clock.monotonic())
        return None if theirs is None else self._clock.now() - theirs

    def measure(self, asked: float, theirs: int) -> None:
        """They just answered that it is `theirs` (ms); they were asked at `asked` of monotonic time."""
        self._measured.measure(asked, theirs, self._clock.monotonic())

    @override
    def now(self) -> int:
        theirs = self._measured.now(self._clock.monotonic())
        return self._clock.now() if theirs is None else theirs

    @override
    def monotonic(self) -> float:
        return self._clock.monotonic()

    @override
    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    @override
    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        return self._clock.call_later(seconds, call)
