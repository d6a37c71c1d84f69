"""Time, so that tests never wait for it."""

from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> object:
        """It shall not come any more; nothing happens when it has."""
        ...


class Clock(Protocol):
    """Wall time for what is stored, monotonic time for what is measured."""

    def now(self) -> int:
        """Wall time, ms since 1970 UTC. May jump."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` of monotonic time have passed; at once, but not before other tasks ran, when 0 or less."""
        ...

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        """Call `call` on the running loop when `seconds` > 0 of monotonic time have passed: a tenth of a task that sleeps."""
        ...
