"""How many bytes of bodies are in memory at once, all requests together."""

from types import TracebackType
from typing import Self

from sightline.adapters.inbound.http import instruments
from sightline.domain.errors import BodyTooLarge, Overloaded
from sightline.ports.telemetry import Telemetry

RETRY_AFTER = 1
"""Seconds: what is under way now is done by then."""


class Inflight:
    """A purse of bytes from which each request takes a share; the gauge tells of it to a thousandth of the limit."""

    def __init__(self, limit: int, telemetry: Telemetry) -> None:
        self._limit = limit
        self._telemetry = telemetry
        self._taken = self._told = 0
        # A gauge that moved with every small request would cost more than to count its bytes.
        self._worth_telling = max(1, limit // 1000)

    def share(self) -> "Share":
        """One request's share, empty at first; a context that gives everything back."""
        return Share(self)

    def take(self, size: int, held: int = 0) -> None:
        """Count `size` more bytes for a request that holds `held` of them already.

        Raises:
            BodyTooLarge: the request would pass the limit alone, and always will; nothing was counted.
            Overloaded: it would pass the limit with the others; likewise.
        """
        if held + size > self._limit:
            raise BodyTooLarge(
                f"the request takes {held + size} bytes of memory, and http.max_inflight_bytes = {self._limit} is for all "
                "requests together: send less at once, or raise it"
            )
        if self._taken + size > self._limit:
            raise Overloaded(
                f"{self._taken} bytes of requests are under way; http.max_inflight_bytes allows {self._limit}",
                retry_after=RETRY_AFTER,
            )
        self._count(size)

    def give_back(self, size: int) -> None:
        """Count `size` bytes less."""
        self._count(-size)

    def _count(self, size: int) -> None:
        self._taken += size
        if abs(self._taken - self._told) >= self._worth_telling:
            self._told = self._taken
            self._telemetry.set(instruments.INFLIGHT, self._told)


class Share:
    """What one request holds."""

    def __init__(self, purse: Inflight) -> None:
        self._purse = purse
        self._held = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._purse.give_back(self._held)
        self._held = 0

    def hold(self, size: int) -> None:
        """Hold at least `size` bytes from now on.

        Raises:
            BodyTooLarge: this one alone would hold too much.
            Overloaded: all requests together would hold too much.
        """
        if size > self._held:
            self._purse.take(size - self._held, self._held)
            self._held = size

    def add(self, size: int) -> None:
        """Hold `size` bytes more; likewise."""
        self.hold(self._held + size)
