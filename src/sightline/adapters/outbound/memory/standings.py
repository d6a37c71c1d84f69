"""How checks stood, in memory; it lives as long as the process."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from typing_extensions import override

from sightline.domain.probes.state import Transition
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.probe_history import Standings


class MemoryStandings(Standings):
    """A list of transitions a check, in ascending order of time. No method awaits anything, so each is atomic."""

    def __init__(self) -> None:
        self._transitions: dict[tuple[Tenant, int], list[Transition]] = {}
        self._alive_at: int | None = None

    @override
    async def record(self, transitions: Sequence[tuple[Tenant, Transition]], alive_at: int) -> None:
        self._alive_at = alive_at
        for tenant, transition in transitions:
            known = self._transitions.setdefault((tenant, transition.check), [])
            place = bisect_left(known, transition.at, key=_at)
            is_there = place < len(known) and known[place].at == transition.at
            known[place : place + is_there] = [transition]

    @override
    async def alive_at(self) -> int | None:
        return self._alive_at

    @override
    async def current(self) -> list[tuple[Tenant, Transition]]:
        return [(tenant, known[-1]) for (tenant, _), known in self._transitions.items()]

    @override
    async def between(self, tenant: Tenant, checks: Sequence[int], within: TimeRange) -> list[Transition]:
        found: list[Transition] = []
        for check in sorted(set(checks)):
            known = self._transitions.get((tenant, check), [])
            first = bisect_left(known, within.start, key=_at)
            found.extend(known[max(first - 1, 0) : max(bisect_right(known, within.end, key=_at), first)])
        return found

    @override
    async def forget(self, before: int) -> int:
        gone = 0
        for known in self._transitions.values():
            old = max(bisect_left(known, before, key=_at) - 1, 0)
            del known[:old]
            gone += old
        return gone


def _at(transition: Transition) -> int:
    return transition.at
