"""Review what is known of checks: single results, how they stood, and how much of the time they were well."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.application.assess import Assess
from sightline.application.enroll import Enroll
from sightline.application.keep import Keep
from sightline.domain.probes.check import Check
from sightline.domain.probes.result import Result
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import Transition
from sightline.domain.probes.uptime import WINDOWS, Uptime, by_check, spans, windows
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import MAX_TIME, MIN_TIME, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.probe_history import ProbeHistory, Standings

MAX_RESULTS: Final = 10_000
"""Results that are told at once."""
AT_ONCE: Final = 8
"""Checks whose results are read at the same time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A check, and how it stands."""

    check: Check
    standing: Standing


class Review:
    """The use case."""

    def __init__(
        self, enroll: Enroll, assess: Assess, keep: Keep, history: ProbeHistory, standings: Standings, clock: Clock
    ) -> None:
        self._enroll = enroll
        self._assess = assess
        self._keep = keep
        self._history = history
        self._standings = standings
        self._clock = clock

    async def all(self, principal: Principal) -> list[Seen]:
        """The tenant's checks, in ascending order of id."""
        await self._assess.load()
        checks = await self._enroll.all(principal)
        return [Seen(check, self._assess.standing(principal.tenant, check.id)) for check in checks]

    async def one(self, principal: Principal, check_id: int) -> Seen:
        """One check.

        Raises:
            NotFound: the tenant has no such check.
        """
        await self._assess.load()
        check = await self._enroll.get(principal, check_id)
        return Seen(check, self._assess.standing(principal.tenant, check_id))

    async def results(
        self, principal: Principal, check_id: int, limit: int, within: TimeRange, location: str = ""
    ) -> list[Result]:
        """The newest results of a check, newest first, those that are not stored yet among them.

        Raises:
            NotFound: the tenant has no such check.
        """
        await self._enroll.get(principal, check_id)
        most = min(limit, MAX_RESULTS)
        fresh = self._keep.recent(principal.tenant, check_id)
        stored = await self._history.latest(principal.tenant, check_id, most, within, location)
        found = {(one.location, one.at): one for one in (*stored, *fresh) if _is_wanted(one, within, location)}
        return sorted(found.values(), key=lambda one: one.at, reverse=True)[:most]

    async def strips(self, principal: Principal, check_ids: Sequence[int], limit: int) -> dict[int, list[Result]]:
        """The newest results of several checks, newest first, by their ids; of checks that the tenant lacks there is nothing."""
        theirs = {check.id for check in await self._enroll.all(principal)}
        turns = asyncio.Semaphore(AT_ONCE)

        async def read(check_id: int) -> list[Result]:
            async with turns:
                return await self.results(principal, check_id, limit, TimeRange(MIN_TIME, MAX_TIME))

        async with asyncio.TaskGroup() as group:
            reading = {one: group.create_task(read(one)) for one in dict.fromkeys(check_ids) if one in theirs}
        return {check_id: task.result() for check_id, task in reading.items()}

    async def transitions(self, principal: Principal, check_id: int, within: TimeRange) -> list[Transition]:
        """How a check stood within a time: the transition before it, and those in it.

        Raises:
            NotFound: the tenant has no such check.
        """
        await self._enroll.get(principal, check_id)
        return await self._standings.between(principal.tenant, (check_id,), within)

    async def uptime(self, principal: Principal, check_ids: Sequence[int]) -> Mapping[int, Mapping[str, Uptime]]:
        """How much of the last day, week, month and quarter checks were well, by their ids and the names of these windows."""
        now = self._clock.now()
        within = TimeRange(now - max(WINDOWS.values()), now)
        found = by_check(await self._standings.between(principal.tenant, check_ids, within))
        return {check: windows(spans(found.get(check, ()), within), now) for check in check_ids}


def _is_wanted(result: Result, within: TimeRange, location: str) -> bool:
    return within.start <= result.at <= within.end and location in {"", result.location}
