"""Write what alerts did as series, so that their past can be asked for like anything else's."""

from collections.abc import Iterable
from typing import Protocol

from sightline.domain.alerts.notice import Alert
from sightline.domain.alerts.series import ACTIVE, series_of
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.tenancy import Principal, Role, Tenant


class IngestSamples(Protocol):
    """The part of the ingest use case that recording needs."""

    async def __call__(self, principal: Principal, batch: WriteBatch, /) -> int:
        """Store a batch under the principal's tenant.

        Raises:
            SightlineError: the batch cannot be taken in.
        """
        ...


class Record:
    """The use case. A pending or firing alert is a series ALERTS with the value 1, under its labels and its state.

    Where an alert is no longer in that state the series gets a stale marker, so that it ends there and not five minutes later.
    """

    def __init__(self, ingest: IngestSamples) -> None:
        self._ingest = ingest
        self._shown: dict[Tenant, frozenset[Labels]] = {}

    async def __call__(self, alerts: Iterable[Alert], now: int) -> None:
        """Write the alerts of all tenants as they stand at `now`, ms.

        Raises:
            SightlineError: they cannot be taken in; markers that are owed are written the next time.
        """
        shown: dict[Tenant, set[Labels]] = {tenant: set() for tenant in self._shown}
        for alert in alerts:
            if alert.state in ACTIVE:
                shown.setdefault(alert.tenant, set()).add(series_of(alert))
        refused: SightlineError | None = None
        for tenant, present in shown.items():
            samples = [(labels, 1.0) for labels in sorted(present)]
            samples += [(labels, float(STALE)) for labels in sorted(self._shown.get(tenant, frozenset()) - present)]
            try:
                if samples:
                    await self._ingest(Principal("alerts", tenant, Role.WRITER), WriteBatch.at(now, samples))
            except SightlineError as error:
                refused = error
                if not is_partial(error):
                    continue
            self._shown[tenant] = frozenset(present)
        if refused is not None:
            raise refused
