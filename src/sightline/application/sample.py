"""Sample what probes find: results become ordinary series, which PromQL, rules and dashboards read like any others."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from sightline.application.enroll import Enrolled
from sightline.application.record import IngestSamples
from sightline.domain.errors import SightlineError
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.probes.result import Result
from sightline.domain.probes.series import CheckSeries, batch_of, ending
from sightline.domain.tenancy import Principal, Role, Tenant
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

UNSTORED: Final = Instrument(
    "sightline_probe_series_refused_total", "Batches of samples about probes that intake did not take.", Kind.COUNTER
)


class Sample:
    """The use case. The series of a check end where it is gone, or has other labels."""

    def __init__(self, ingest: IngestSamples, clock: Clock, telemetry: Telemetry) -> None:
        self._ingest = ingest
        self._clock = clock
        self._telemetry = telemetry
        self._series: dict[int, dict[str, CheckSeries]] = {}

    async def store(self, results: Sequence[tuple[Enrolled, Result]]) -> None:
        """Store samples of results.

        Raises:
            SightlineError: intake takes none now; it takes those that are stored already without harm.
        """
        by_tenant: defaultdict[Tenant, list[tuple[CheckSeries, Result]]] = defaultdict(list)
        for enrolled, result in results:
            by_tenant[enrolled.tenant].append((self._of(enrolled, result.location), result))
        for tenant, its in by_tenant.items():
            await self._write(tenant, batch_of(its))

    async def offer(self, results: Sequence[tuple[Enrolled, Result]]) -> None:
        """Store samples of results, or count that they are lost."""
        try:
            await self.store(results)
        except SightlineError:
            self._telemetry.add(UNSTORED)

    async def redefined(self, before: Enrolled, now: Enrolled) -> None:
        """A check says something else of itself; where that is in its labels, other series follow."""
        if CheckSeries(before.check, "").labels != CheckSeries(now.check, "").labels:
            await self.end(before)

    async def end(self, enrolled: Enrolled) -> None:
        """End the series of a check as of now; whether that is stored is seen to once."""
        series = self._series.pop(enrolled.check.id, None)
        if series is None:
            return
        try:
            await self._write(enrolled.tenant, ending(list(series.values()), self._clock.now()))
        except SightlineError:
            self._telemetry.add(UNSTORED)

    def _of(self, enrolled: Enrolled, location: str) -> CheckSeries:
        by_location = self._series.setdefault(enrolled.check.id, {})
        found = by_location.get(location)
        if found is None:
            found = by_location[location] = CheckSeries(enrolled.check, location)
        return found

    async def _write(self, tenant: Tenant, batch: WriteBatch) -> None:
        if not len(batch):
            return
        try:
            await self._ingest(Principal("probes", tenant, Role.WRITER), batch)
        except SightlineError as error:
            if not is_partial(error):
                raise
