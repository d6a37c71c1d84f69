"""Store points some of which are deltas: what PromQL wants are totals.

The last total of a series is what is stored of it: it is read back when a series is seen for the first time since the start, and
remembered afterwards. So a total goes on after a crash from exactly what was acknowledged (docs/adr/0016-deltas-become-totals.md).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.application.ingest import Ingest
from sightline.domain.errors import BadData, SampleOutOfBounds, TooManyDeltas, TooManySamples
from sightline.domain.labels import series_id
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.left_out import LeftOut, Taken
from sightline.domain.metrics.native_histograms import Histograms, mark_mask, together
from sightline.domain.metrics.points import Points
from sightline.domain.metrics.roster import Named, Roster
from sightline.domain.metrics.samples import Index, SeriesColumns, Times, Values, WriteBatch, stale_mask
from sightline.domain.metrics.totals import Counted, Deltas, Totals, with_zeros
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, MINUTE, TimeRange
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader
from sightline.ports.telemetry import Instrument, Kind, Telemetry

_SERIES: Final = Instrument(
    "sightline_otlp_delta_series", "Series with delta temporality whose totals are followed.", Kind.GAUGE
)
REACH: Final = HOUR
"""How far before a delta the last total of its series is looked for, ms. One that is not found begins anew with a zero."""
_FIRST_REACH: Final = 10 * MINUTE
"""Where nearly all are found."""
_TURN: Final = 2_000
_SAMPLES: Final = 5_000_000
"""Samples that are read back at once."""


@dataclass(slots=True, eq=False)
class _Followed:
    """What is known of one tenant's deltas; one batch after the other."""

    totals: Totals = field(default_factory=Totals)
    roster: Roster | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Accumulate:
    """The use case. max_series: whose totals are followed at once, all tenants together."""

    def __init__(
        self, ingest: Ingest, reader: SeriesReader, clock: Clock, telemetry: Telemetry, max_series: int = 1_000_000
    ) -> None:
        self._ingest = ingest
        self._reader = reader
        self._clock = clock
        self._telemetry = telemetry
        self._max_series = max_series
        self._tenants: dict[Tenant, _Followed] = {}
        self._under_way: set[asyncio.Task[Taken]] = set()

    async def __call__(self, principal: Principal, points: Points) -> Taken:
        """Store points that have deltas. Its caller may leave: they are counted all the same, as what is stored says.

        Raises:
            Overloaded, StorageFull, Unavailable: nothing is stored; try again later.
        """
        task = asyncio.ensure_future(self._store(principal, points))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Taken]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; nobody else need hear of it

    async def _store(self, principal: Principal, points: Points) -> Taken:
        followed = self._tenants.setdefault(principal.tenant, _Followed())
        async with followed.lock:
            labels = points.batch.labels
            roster = labels.roster if isinstance(labels, Named) else self._ingest.roster(principal.tenant)
            if followed.roster is not roster:  # numbers mean other series now
                followed.totals, followed.roster = Totals(), roster
            totals = followed.totals
            # What is outside the bounds of time is in no total: what is stored would say more than was acknowledged.
            _, outside, inside = self._ingest.within_bounds(points.batch)
            left_out = [*points.left_out, *outside]
            given = np.arange(len(points.batch))  # which row of what was brought each one is
            lost = []
            if inside is not None:
                lost.append(given[~inside])
                points, given = _only(points, inside), given[inside]
            rows, numbers = _delta_rows(points, roster)
            refused = await self._recall(principal.tenant, totals, roster, numbers, points.batch.times[rows])
            if len(refused):
                taken = np.isin(numbers, refused)
                left_out.append(LeftOut(self._too_many(), int(taken.sum())))
                room = np.ones(len(points.batch), np.bool_)
                room[rows[taken]] = False
                lost.append(given[~room])
                points, given = _only(points, room), given[room]
                rows, numbers = _delta_rows(points, roster)
            deltas = _deltas(points, rows, numbers)
            counted = totals.count(deltas)
            left_out += _causes(counted, deltas, roster)
            lost += [given[rows[counted.late]], given[rows[counted.bad]]]
            totalled, sources = _totalled(points, rows, deltas, counted)
            try:
                stored = await self._ingest.partly(principal, totalled, left_out)
            except BaseException:
                totals.forget(numbers)  # perhaps it was stored, perhaps not: what is read back knows
                raise
            totals.remember(counted)
            if len(stored.refused):
                totals.forget(numbers[np.isin(rows, sources[stored.refused])])  # likewise
                lost.append(given[sources[stored.refused[stored.refused >= len(counted.zeros)]]])
            self._telemetry.set(_SERIES, self._followed())
            return replace(stored, refused=np.unique(np.concatenate(lost)))

    def _followed(self) -> int:
        return sum(len(each.totals) for each in self._tenants.values())

    def _too_many(self) -> BadData:
        return TooManyDeltas(
            f"no more series that come as deltas are added up than otlp.max_delta_series = {self._max_series} allows: raise it, "
            "or have the exporter send cumulative values",
        )

    async def _recall(self, tenant: Tenant, totals: Totals, roster: Roster, numbers: Index, times: Times) -> Index:
        """Know the totals of series as they are stored; gives the series for which there is no room.

        numbers, times: (n,), the series of each delta and when it was: what came before it may be older than any reach from now.
        """
        unknown = totals.unknown(numbers)
        if not len(unknown):
            return unknown
        now = self._clock.now()
        room = self._max_series - self._followed()
        if len(unknown) > room:
            for each in self._tenants.values():
                each.totals.forget_before(now - REACH)
            unknown = totals.unknown(numbers)
            room = max(0, self._max_series - self._followed())
        refused, unknown = unknown[room:], unknown[:room]
        for start in range(0, len(unknown), _TURN):
            some = unknown[start : start + _TURN]
            begun = min(now, int(times[np.isin(numbers, some)].min()))
            for since in (begun - _FIRST_REACH, begun - REACH):
                found = await self._read_back(tenant, roster, some, TimeRange(since, now + DAY))
                for columns in found:
                    recalled = _last_totals(columns, some, roster)
                    totals.recall(*recalled)
                    some = np.setdiff1d(some, recalled[0])
                if not len(some):
                    break
        return refused

    async def _read_back(
        self, tenant: Tenant, roster: Roster, numbers: Index, within: TimeRange
    ) -> Sequence[SeriesColumns]:
        """The samples of series within the range; fewer series at once where they have too many."""
        labels = list(roster.named(numbers))
        known = KnownSeries.of(labels, [series_id(one) for one in labels])
        try:
            return [await self._reader.select_known(tenant, known, within, _SAMPLES)]
        except TooManySamples:
            if len(numbers) == 1:
                return []
            half = len(numbers) // 2
            return [
                *await self._read_back(tenant, roster, numbers[:half], within),
                *await self._read_back(tenant, roster, numbers[half:], within),
            ]


def _delta_rows(points: Points, roster: Roster) -> tuple[NDArray[np.int64], Index]:
    """The rows that are deltas, and the numbers of their series."""
    assert points.deltas is not None  # noqa: S101 - who has none needs none of this
    rows = np.flatnonzero(points.deltas)
    return rows, roster.numbers(points.batch.labels)[points.batch.series[rows]]


def _only(points: Points, keep: NDArray[np.bool_]) -> Points:
    """The points without some of their samples."""
    assert points.deltas is not None  # noqa: S101 - likewise
    assert points.starts is not None  # noqa: S101 - likewise
    return Points(points.count, points.batch.only(keep), points.deltas[keep], points.starts[keep])


def _deltas(points: Points, rows: NDArray[np.int64], numbers: Index) -> Deltas:
    batch = points.batch
    assert points.starts is not None  # noqa: S101 - likewise
    is_mark = mark_mask(batch.values)
    place = np.cumsum(is_mark) - 1
    histograms = batch.histograms.take(place[rows[is_mark[rows]]].astype(np.int64))
    return Deltas(numbers, batch.times[rows], points.starts[rows], batch.values[rows], histograms)


def _totalled(
    points: Points, rows: NDArray[np.int64], deltas: Deltas, counted: Counted
) -> tuple[WriteBatch, NDArray[np.int64]]:
    """The batch with totals in place of deltas, zeros first where series begin; and of which row each of its samples is."""
    batch = points.batch
    values, keep = batch.values.copy(), np.ones(len(batch), np.bool_)
    values[rows], keep[rows] = counted.values, counted.kept
    rest = batch.only(keep)
    histograms = rest.histograms
    if len(counted.histograms):
        # Totals stand behind the histograms that are no deltas, and each goes where its mark is.
        others = batch.only(_marked_others(batch, rows)).histograms
        of_delta = np.zeros(len(batch), np.bool_)
        of_delta[rows] = True
        source = of_delta[keep & mark_mask(values)]
        order = np.where(source, len(others) + np.cumsum(source) - 1, np.cumsum(~source) - 1)
        histograms = together([others, counted.histograms]).take(order.astype(np.int64))
    begun, times, nothing, empty = with_zeros(counted, deltas, REACH)
    totalled = WriteBatch(
        batch.labels,
        np.concatenate([batch.series[rows[begun]], rest.series]),
        np.concatenate([times, rest.times]),
        np.concatenate([nothing, values[keep]]),
        _joined(empty, histograms),
    )
    return totalled, np.concatenate([rows[begun], np.flatnonzero(keep)])


def _marked_others(batch: WriteBatch, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which samples are native histograms and no deltas."""
    found = mark_mask(batch.values)
    found[rows] = False
    return found


def _joined(first: Histograms, second: Histograms) -> Histograms:
    return together([each for each in (first, second) if len(each)])


def _causes(counted: Counted, deltas: Deltas, roster: Roster) -> list[LeftOut]:
    """Why deltas do not count; those of a time that was counted already are repetitions, of which nothing is said."""
    found = []
    if len(counted.late):
        row = int(counted.late[0])
        message = (
            f"series {roster[int(deltas.numbers[row])]}: the delta of {int(deltas.times[row])} ms is older than the last one that "
            "was added up: deltas are taken in the order of their times"
        )
        found.append(LeftOut(SampleOutOfBounds(message), len(counted.late)))
    if len(counted.bad):
        row = int(counted.bad[0])
        message = (
            f"series {roster[int(deltas.numbers[row])]}: a delta is no finite number, to which none could be added"
        )
        found.append(LeftOut(BadData(message), len(counted.bad)))
    return found


def _last_totals(columns: SeriesColumns, numbers: Index, roster: Roster) -> tuple[Index, Times, Values, Histograms]:
    """What was stored last of each series that has anything but stale markers: its number, when it was, and the value."""
    by_labels = dict(zip(roster.named(numbers), numbers.tolist(), strict=True))
    alive = np.flatnonzero(~stale_mask(columns.values))
    # Of the samples that are no markers, the last before the end of each series; it is its own if it lies behind its start.
    place = np.searchsorted(alive, columns.offsets[1:]) - 1
    has = (
        (place >= 0) & (alive[np.maximum(place, 0)] >= columns.offsets[:-1])
        if len(alive)
        else np.zeros(len(place), np.bool_)
    )
    rows = alive[place[has]] if len(alive) else np.empty(0, np.int64)
    found = np.array(
        [by_labels[labels] for labels, one in zip(columns.labels, has.tolist(), strict=True) if one], np.uint32
    )
    marks = mark_mask(columns.values)
    at = (np.cumsum(marks) - 1)[rows[marks[rows]]].astype(np.int64)
    return found, columns.times[rows], columns.values[rows], columns.histograms.take(at)
