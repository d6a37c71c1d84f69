"""Time, so that tests never wait for it."""

from typing import Protocol


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
