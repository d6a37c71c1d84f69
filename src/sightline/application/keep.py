"""Keep results of probes: gathered for a moment, stored together, because one insertion of many is what the store likes."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from sightline.domain.errors import Overloaded, SightlineError
from sightline.domain.probes.result import Result
from sightline.domain.tenancy import Tenant
from sightline.ports.probe_history import ProbeHistory
from sightline.ports.telemetry import Instrument, Kind, Telemetry

MAX_WAITING: Final = 200_000
"""Results that wait for a store that is away; beyond it the oldest are given up."""
AT_ONCE: Final = 20_000
"""Results of one insertion."""
DROPPED: Final = Instrument(
    "sightline_probe_results_dropped_total", "Results that the store was away for too long to take.", Kind.COUNTER
)

_Row = tuple[Tenant, Result]


class Keep:
    """The use case. `add` is for results of our own, `store` for those that somebody is told are stored."""

    def __init__(self, history: ProbeHistory, telemetry: Telemetry, *, most: int = MAX_WAITING) -> None:
        """most: results that may wait."""
        self._history = history
        self._telemetry = telemetry
        self._most = most
        self._waiting: list[_Row] = []
        self._storing: list[_Row] = []
        self._owed: list[asyncio.Future[None]] = []
        self._turn = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many results are not stored yet."""
        return len(self._storing) + len(self._waiting)

    def recent(self, tenant: Tenant, check: int) -> list[Result]:
        """Those of a check that are not stored yet, newest first."""
        rows = (*self._storing, *self._waiting)
        return [one for its, one in reversed(rows) if one.check == check and its == tenant]

    def recent_of(self, tenant: Tenant, checks: Collection[int]) -> Mapping[int, list[Result]]:
        """The same of several checks, by their ids; a check that has none is left out."""
        found: dict[int, list[Result]] = {}
        for its, one in reversed((*self._storing, *self._waiting)):
            if one.check in checks and its == tenant:
                found.setdefault(one.check, []).append(one)
        return found

    def add(self, results: Sequence[_Row]) -> None:
        """Take in results; the next `run_once` stores them."""
        self._waiting += results
        self._give_up()

    async def store(self, results: Sequence[_Row]) -> None:
        """Take in results, and return when they are stored; whatever else comes meanwhile is stored with them.

        Raises:
            Overloaded: too many wait for a store that is away; none of these was taken in.
            Unavailable, StorageFull: the store does not take them now; they wait nevertheless.
        """
        if self.waiting + len(results) > self._most:
            message = "the store is away, and as many results wait for it as may: send them again later"
            raise Overloaded(message, retry_after=10)
        self._waiting += results
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._owed.append(stored)
        async with self._turn:
            if not stored.done():
                await self._store()
        await stored

    async def run_once(self) -> None:
        """Store all that waits.

        Raises:
            Unavailable, StorageFull: what was not stored waits for the next time.
        """
        async with self._turn:
            await self._store()

    async def _store(self) -> None:
        owed, self._owed = self._owed, []
        self._storing, self._waiting = self._waiting, []
        try:
            while self._storing:
                await self._history.append(self._storing[:AT_ONCE])
                del self._storing[:AT_ONCE]
        except SightlineError as error:
            for one in filter(_is_awaited, owed):
                one.set_exception(error)
                one.exception()  # whoever waits for it learns of it; where nobody does any more, that is no defect
            raise
        else:
            for one in filter(_is_awaited, owed):
                one.set_result(None)
        finally:
            self._waiting, self._storing = [*self._storing, *self._waiting], []
            self._give_up()
            for one in owed:
                one.cancel()  # those that are not answered by now never will be

    def _give_up(self) -> None:
        over = len(self._waiting) - self._most
        if over > 0:
            del self._waiting[:over]
            self._telemetry.add(DROPPED, over)


def _is_awaited(one: asyncio.Future[None]) -> bool:
    return not one.done()
