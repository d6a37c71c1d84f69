"""Read back what servers reported."""

import re
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from sightline.application.register import Register
from sightline.domain.errors import InvalidParameter, TooManySamples
from sightline.domain.labels import METRIC_NAME, Labels, Matcher, Matchers, MatchOp
from sightline.domain.metrics.merge import merge
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.samples import SeriesColumns, stale_mask
from sightline.domain.servers.report import SERVER_ID, Reported, selecting
from sightline.domain.tenancy import Principal
from sightline.domain.timerange import DAY, HOUR, MAX_TIME, MINUTE, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader

_STEPS: Final = (5 * MINUTE, HOUR, 6 * HOUR, DAY)
"""How far back the latest samples are looked for: most series have one in the first step. Then always four times as far."""
_NAMED: Final = 500  # servers or metrics; a condition on more of them costs more than it spares


class Recall:
    """The use case.

    retention: ms. max_results: how many samples one answer holds at most (`search.max_results`). max_samples: how many are
    looked through in one step for the latest (`query.max_samples`).
    """

    def __init__(
        self,
        register: Register,
        reader: SeriesReader,
        clock: Clock,
        retention: int,
        max_results: int = 100_000,
        max_samples: int = 50_000_000,
    ) -> None:
        self._register = register
        self._reader = reader
        self._clock = clock
        self._retention = retention
        self._max_results = max_results
        self._max_samples = max_samples

    async def latest(self, principal: Principal, wanted: Reported) -> SeriesColumns:
        """The last sample of each series that is meant, however old it is; series that were marked as ended are left out.

        Raises:
            NotFound: no server has the id that is wanted.
            InvalidField: a type or name that no series can have.
            TooManySamples: more series than `search.max_results`.
            Unavailable: the store cannot be reached.
        """
        await self._check_server(principal, wanted)
        matchers, now = selecting(wanted), self._clock.now()
        whole = TimeRange(now - self._retention, MAX_TIME)
        known = await self._reader.series(principal.tenant, (matchers,), whole, self._max_results + 1)
        if len(known) > self._max_results:
            raise self._too_many("series")
        missing, found = set(known), SeriesColumns.empty()
        for window in _windows(now, self._retention):
            if not missing:
                break
            narrowed = matchers + _narrowing(missing)
            part = await self._reader.select(principal.tenant, narrowed, window, self._max_samples)
            found = merge(found, _last(part, missing))
            missing.difference_update(part.labels)
        return _without_ended(found)

    async def within(self, principal: Principal, wanted: Reported, within: TimeRange) -> SeriesColumns:
        """The samples in a range of each series that is meant, markers of an end left out.

        Raises:
            NotFound, InvalidField, Unavailable: as `latest`.
            InvalidParameter: the range ends before it starts.
            TooManySamples: more than `search.max_results`.
        """
        if within.end < within.start:
            raise InvalidParameter("parameter 'to' must not be before 'from'", parameter="to")
        await self._check_server(principal, wanted)
        try:
            found = await self._reader.select(principal.tenant, selecting(wanted), within, self._max_results)
        except TooManySamples:
            raise self._too_many("samples") from None
        return _without_ended(found)

    async def _check_server(self, principal: Principal, wanted: Reported) -> None:
        if wanted.server_id is not None:
            await self._register.one(principal, wanted.server_id)

    def _too_many(self, what: str) -> TooManySamples:
        message = (
            f"more than {self._max_results} {what}, which search.max_results allows: name a server, type or metric, take a "
            "shorter range, or raise it"
        )
        return TooManySamples(message, limit=self._max_results)


def _windows(now: int, retention: int) -> Iterator[TimeRange]:
    """Ranges without gap or overlap from the future back to where samples are no longer kept."""
    end, back, steps = MAX_TIME, 0, iter(_STEPS)
    while back < retention:
        back = min(next(steps, 4 * back), retention)
        yield TimeRange(now - back, end)
        end = now - back - 1


def _narrowing(missing: Collection[Labels]) -> Matchers:
    """Conditions that all missing series satisfy, and most others do not."""
    found = []
    for label in (METRIC_NAME, SERVER_ID):
        values = {labels.get(label) for labels in missing}
        if len(values) <= _NAMED:
            found.append(Matcher(label, MatchOp.MATCHES, "|".join(map(re.escape, sorted(values)))))
    return tuple(found)


def _last(part: SeriesColumns, wanted: Collection[Labels]) -> SeriesColumns:
    """The last sample of each wanted series."""
    rows = np.flatnonzero(np.array([labels in wanted for labels in part.labels], np.bool_))
    places = part.offsets[1:][rows] - 1
    return SeriesColumns(
        tuple(part.labels[row] for row in rows.tolist()),
        part.ids[rows],
        np.arange(len(rows) + 1, dtype=np.int64),
        part.times[places],
        part.values[places],
    )


def _without_ended(columns: SeriesColumns) -> SeriesColumns:
    """The numbers alone, without stale markers and native histograms; series that had nothing else are gone."""
    kept = ~(stale_mask(columns.values) | mark_mask(columns.values))
    if kept.all():
        return columns
    counts = np.diff(np.concatenate(([0], np.cumsum(kept)))[columns.offsets])
    rows = np.flatnonzero(counts)
    offsets = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(counts[rows], out=offsets[1:])
    return SeriesColumns(
        tuple(columns.labels[row] for row in rows.tolist()),
        columns.ids[rows],
        offsets,
        columns.times[kept],
        columns.values[kept],
    )
