"""Recap how checks did in a time: uptime from transitions, latency from their series, incidents, and what ends soon."""

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sightline.application.latency import naming
from sightline.domain.errors import SightlineError
from sightline.domain.probes.check import Check
from sightline.domain.probes.standing import Standing
from sightline.domain.probes.state import Transition
from sightline.domain.probes.uptime import Uptime, by_check, last_seen, spans, uptime
from sightline.domain.promql.recording import elements
from sightline.domain.promql.values import Answer
from sightline.domain.reports.summary import MOST_SHOWN
from sightline.domain.reports.uptime import CheckLatency, CheckUptime, UptimeSummary, endings, leading, summed
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import TimeRange, format_duration
from sightline.ports.incidents import Incidents, Wanted
from sightline.ports.probe_history import Standings

MAX_INCIDENTS: Final = 1_000
"""Incidents that one report looks at; of further ones it says that there are more."""
_MEASURED: Final = 'type!~"heartbeat|promql|composed"'
"""Checks whose probes take as long as something out there does."""


class FollowChecks(Protocol):
    """The part of assessing that this needs."""

    async def load(self) -> None:
        """Take up how checks stood, unless that is done."""
        ...

    def standings(self, tenant: Tenant, /) -> list[Standing]:
        """How all the tenant's checks stand."""
        ...


class AskQuery(Protocol):
    """The part of the query use case that this needs."""

    async def instant(self, principal: Principal, text: str, at: int, /) -> Answer:
        """The value of an expression at an instant, ms."""
        ...


@dataclass(frozen=True, slots=True)
class Recap:
    """The use case."""

    checks: FollowChecks
    standings: Standings
    incidents: Incidents
    query: AskQuery

    async def __call__(self, principal: Principal, within: TimeRange) -> UptimeSummary | None:
        """How the checks of the principal's tenant did; None where there are none.

        Raises:
            Unavailable: transitions or incidents cannot be read. Latencies that cannot be are left out, with the reason.
        """
        await self.checks.load()
        standings = self.checks.standings(principal.tenant)
        if not standings:
            return None
        checks = [one.check for one in standings]
        moves = await self.standings.between(principal.tenant, [one.id for one in checks], within)
        seen_until = last_seen(await self.standings.alive_at(), within.end)
        whole, lowest = await asyncio.to_thread(_spent, checks, moves, within, seen_until)
        found = await self.incidents.find(principal.tenant, Wanted(within, limit=MAX_INCIDENTS))
        incidents = leading(found, within.end)
        slowest, problem = await self._slowest(principal, {one.name for one in checks}, within)
        return UptimeSummary(
            len(checks),
            whole,
            lowest,
            slowest,
            problem,
            incidents,
            len(found) - len(incidents),
            endings(standings, within.end),
            len(found) >= MAX_INCIDENTS,
        )

    async def _slowest(
        self, principal: Principal, names: Collection[str], within: TimeRange
    ) -> tuple[list[CheckLatency], str]:
        """The slowest checks, or why that is not known."""
        span = format_duration(within.end - within.start)
        mean = f"avg by (check) (avg_over_time(probe_duration_seconds{{{_MEASURED}}}[{span}]))"
        try:
            means = await self._by_name(principal, mean, within.end)
            known = [(seconds, name) for name, seconds in means.items() if name in names]
            slow = sorted(known, key=lambda one: (-one[0], one[1]))[:MOST_SHOWN]
            if not slow:
                return [], ""
            selector = f"probe_duration_seconds{{{naming(name for _, name in slow)},{_MEASURED}}}[{span}]"
            most = await self._by_name(principal, f"max by (check) (quantile_over_time(0.95, {selector}))", within.end)
        except SightlineError as error:
            return [], error.message
        return [CheckLatency(name, seconds, most.get(name)) for seconds, name in slow], ""

    async def _by_name(self, principal: Principal, text: str, at: int) -> Mapping[str, float]:
        """The value of an expression by check."""
        labels, there, values, _ = elements((await self.query.instant(principal, text, at)).value)
        found = {labels[place].get("check"): float(value) for place, value in zip(there, values, strict=True)}
        return {name: value for name, value in found.items() if not math.isnan(value)}


def _spent(
    checks: Sequence[Check], moves: Sequence[Transition], within: TimeRange, seen_until: int | None
) -> tuple[Uptime, list[CheckUptime]]:
    its = by_check(moves)
    return summed({one.name: uptime(spans(its.get(one.id, ()), within, seen_until), within) for one in checks})
