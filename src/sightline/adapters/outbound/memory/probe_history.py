"""Results of probes in memory; they live as long as the process, and the newest displace the oldest."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from typing_extensions import override

from sightline.domain.probes.result import Brief, Result
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, TimeRange
from sightline.ports.probe_history import ProbeHistory

MOST: Final = 100_000
"""Results that are kept, about 50 MB: an hour of 1,600 checks a minute."""

_Place = tuple[int, str]


class MemoryProbeHistory(ProbeHistory):
    """A dictionary of results a check, by time and location. Of all checks together at most `most` are kept."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._results: dict[tuple[Tenant, int], dict[_Place, Result]] = {}
        self._written: OrderedDict[tuple[Tenant, int, _Place], None] = OrderedDict()

    @override
    async def append(self, results: Sequence[tuple[Tenant, Result]]) -> None:
        for tenant, result in results:
            place = result.at, result.location
            self._results.setdefault((tenant, result.check), {})[place] = result
            self._written[tenant, result.check, place] = None
        while len(self._written) > self._most:
            (tenant, check, place), _ = self._written.popitem(last=False)
            of_check = self._results[tenant, check]
            del of_check[place]
            if not of_check:
                del self._results[tenant, check]

    @override
    async def latest(
        self, tenant: Tenant, check: int, limit: int, within: TimeRange, location: str = ""
    ) -> list[Result]:
        found = [
            result
            for result in self._results.get((tenant, check), {}).values()
            if within.start <= result.at <= within.end and location in {"", result.location}
        ]
        return sorted(found, key=lambda result: (-result.at, result.location))[: max(limit, 0)]

    @override
    async def newest(self, tenant: Tenant, since: Mapping[int, int], limit: int) -> Mapping[int, list[Brief]]:
        found: dict[int, list[Brief]] = {}
        for check, start in since.items():
            if results := await self.latest(tenant, check, limit, TimeRange(start, MAX_TIME)):
                found[check] = [Brief.of(one) for one in results]
        return found
