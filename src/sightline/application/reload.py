"""Read again what may change while the program runs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sightline.domain.errors import SettingsInvalid, SightlineError
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

SUCCESSFUL: Final = Instrument(
    "sightline_config_last_reload_successful", "Whether reading again went well the last time.", Kind.GAUGE
)
SUCCEEDED_AT: Final = Instrument(
    "sightline_config_last_reload_success_timestamp_seconds", "When reading last went well.", Kind.GAUGE
)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """How it went the last time, the start being the first. at: when, ms. problem: what was wrong; empty when nothing was."""

    at: int
    problem: str = ""


def each_of(*readers: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """What reads with all of them, one after another: what one cannot use keeps no other from reading.

    It raises SettingsInvalid with all that cannot be used.
    """

    async def read() -> None:
        problems: list[str] = []
        for reader in readers:
            try:
                await reader()
            except SettingsInvalid as error:
                problems.append(error.message)
        if problems:
            raise SettingsInvalid("\n".join(problems))

    return read


class Reload:
    """The use case: one at a time; what cannot be read leaves in place what was read before."""

    def __init__(self, read_again: Callable[[], Awaitable[None]], clock: Clock, telemetry: Telemetry) -> None:
        """read_again: reads everything again, and raises a SightlineError when something of it cannot be used."""
        self._read_again = read_again
        self._clock = clock
        self._telemetry = telemetry
        self._one_at_a_time = asyncio.Lock()
        self.last = Reloaded(clock.now())
        self._tell()

    async def __call__(self) -> None:
        """Do it.

        Raises:
            SightlineError: what `read_again` found; it is remembered in `last` too.
        """
        async with self._one_at_a_time:
            try:
                await self._read_again()
            except SightlineError as error:
                self.last = Reloaded(self._clock.now(), error.message)
                raise
            else:
                self.last = Reloaded(self._clock.now())
            finally:
                self._tell()

    def _tell(self) -> None:
        self._telemetry.set(SUCCESSFUL, float(not self.last.problem))
        if not self.last.problem:
            self._telemetry.set(SUCCEEDED_AT, self.last.at / SECOND)
