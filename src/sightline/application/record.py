"""Write what alerts did as series, so that their past can be asked for like anything else's."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from sightline.domain.alerts.notice import Alert
from sightline.domain.alerts.series import ACTIVE, series_of
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import is_partial
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.tenancy import Principal, Role, Tenant

_AT_ONCE: Final = 1_000
"""Alerts that are written before others have the loop: 10 ms."""


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
        for number, alert in enumerate(alerts, 1):
            if alert.state in ACTIVE:
                shown.setdefault(alert.tenant, set()).add(series_of(alert))
            if not number % _AT_ONCE:
                await asyncio.sleep(0)
        refused: SightlineError | None = None
        for tenant, present in shown.items():
            samples = [(labels, 1.0) for labels in present]
            samples += [(labels, float(STALE)) for labels in self._shown.get(tenant, frozenset()) - present]
            try:
                await self._write(tenant, samples, now)
            except SightlineError as error:
                refused = error
                if not is_partial(error):
                    continue
            self._shown[tenant] = frozenset(present)
        if refused is not None:
            raise refused

    async def _write(self, tenant: Tenant, samples: Sequence[tuple[Labels, float]], now: int) -> None:
        """Write some at a time; where some of those are left out, all others are written before that is told."""
        left_out: SightlineError | None = None
        for first in range(0, len(samples), _AT_ONCE):
            batch = WriteBatch.at(now, samples[first : first + _AT_ONCE])
            try:
                await self._ingest(Principal("alerts", tenant, Role.WRITER), batch)
            except SightlineError as error:
                if not is_partial(error):
                    raise
                left_out = error
            await asyncio.sleep(0)
        if left_out is not None:
            raise left_out
