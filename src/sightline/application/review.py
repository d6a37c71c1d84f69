"""Review what is known of checks: single results, how they stood, and how much of the time they were well."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sightline.application.assess import Assess
from sightline.application.enroll import Enroll
from sightline.application.keep import Keep
from sightline.domain.probes.check import Check
from sightline.domain.probes.result import Brief, Result
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import Transition
from sightline.domain.probes.uptime import WINDOWS, Uptime, by_check, spans, windows
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import ALL_TIME, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.probe_history import ProbeHistory, Standings

MAX_RESULTS: Final = 10_000
"""Results that are told at once."""
AT_ONCE: Final = 8
"""Checks whose results are read at the same time."""
_AMPLY: Final = 2
"""How many times the results that are wanted a check should have had since the time from which on they are read."""


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

    async def strips(self, principal: Principal, check_ids: Sequence[int], limit: int) -> dict[int, list[Brief]]:
        """The newest results of several checks, newest first, by their ids; of checks that the tenant lacks there is nothing.

        They are read together from the time on in which there should be twice as many. Where there are too few, as of a check that
        is paused, what it had before that is looked for alone.
        """
        tenant, most, now = principal.tenant, min(limit, MAX_RESULTS), self._clock.now()
        checks = await self._enroll.those(principal, check_ids)
        since = {check.id: now - _AMPLY * most * check.definition.interval for check in checks}
        stored = await self._history.newest(tenant, since, most)
        fresh = self._keep.recent_of(tenant, since)
        found = {one: _newest(stored.get(one, ()), fresh.get(one, ()), most) for one in since}
        turns = asyncio.Semaphore(AT_ONCE)

        async def complete(check: Check) -> None:
            async with turns:
                found[check.id] = [Brief.of(one) for one in await self.results(principal, check.id, most, ALL_TIME)]

        async with asyncio.TaskGroup() as group:
            for check in checks:
                if len(found[check.id]) < most and check.created_at < since[check.id]:
                    group.create_task(complete(check))
        return found

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


def _newest(stored: Sequence[Brief], fresh: Sequence[Result], most: int) -> list[Brief]:
    found = {(one.location, one.at): one for one in (*stored, *map(Brief.of, fresh))}
    return sorted(found.values(), key=lambda one: one.at, reverse=True)[:most]


def _is_wanted(result: Result, within: TimeRange, location: str) -> bool:
    return within.start <= result.at <= within.end and location in {"", result.location}
