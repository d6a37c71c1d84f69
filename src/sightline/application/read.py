"""Read samples as they are, for others who evaluate themselves: some series at a time, so that any number can be read."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np

from sightline.application.admit import Lane, Turns
from sightline.application.deadline import within
from sightline.application.search import DEFAULT_MAX_RESULTS
from sightline.application.slices import Slices
from sightline.domain.errors import QueryTimeout, ReadTooLarge, TooManySamples
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.selection import Selection
from sightline.domain.promql.plan import Fetch
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import format_duration
from sightline.ports.clock import Clock
from sightline.ports.series import SeriesReader
from sightline.ports.telemetry import Instrument, Kind, Telemetry

SAMPLES: Final = Instrument(
    "sightline_read_samples_total", "Samples that remote reads have answered with.", Kind.COUNTER
)

SMALL_SAMPLES: Final = 500_000
"""What a read of the small lane has at most: some 30 ms of a thread, most of it to encode them."""
PIECE_SAMPLES: Final = 4_000_000
"""The most samples that are there at once of a larger one, unless a single series has more: 64 MB."""

_Made = TypeVar("_Made")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds of reads.

    max_samples: of an answer that has to be there as a whole (`read.max_samples`). at_once: samples of a single series, and of all
    where they cannot be read in pieces. max_series: of an answer of labels alone (`search.max_results`). timeout: seconds for each
    piece, waiting included (`query.timeout`).
    """

    max_samples: int = 50_000_000
    at_once: int = 50_000_000
    max_series: int = DEFAULT_MAX_RESULTS
    timeout: float = 120.0


@dataclass(frozen=True, slots=True)
class Piece(Generic[_Made]):
    """What was made of some series. samples: how many they had."""

    made: _Made
    samples: int


class Read:
    """The use case. A read has its turns among the queries, in `turns`; encoding runs in `executor`."""

    def __init__(
        self,
        series: SeriesReader,
        clock: Clock,
        telemetry: Telemetry,
        executor: Executor,
        turns: Turns,
        limits: ReadLimits | None = None,
    ) -> None:
        self._series = series
        self._clock = clock
        self._telemetry = telemetry
        self._executor = executor
        self._turns = turns
        self._limits = limits or ReadLimits()

    def whole(
        self, principal: Principal, selection: Selection, make: Callable[[SeriesColumns], _Made], before: int = 0
    ) -> AsyncGenerator[Piece[_Made], None]:
        """As `streamed`, of an answer that will be held as a whole and therefore is bounded; before: samples it has already.

        Raises:
            ReadTooLarge: it would have more than `read.max_samples`.
        """
        return self._pieces(principal, selection, make, max(0, self._limits.max_samples - before))

    def streamed(
        self, principal: Principal, selection: Selection, make: Callable[[SeriesColumns], _Made]
    ) -> AsyncGenerator[Piece[_Made], None]:
        """What `make` makes, in a thread, of the selected series, some at a time, in ascending order of labels.

        A series is in one piece. Between pieces no turn is held, so whoever takes them slowly is in nobody's way.

        Raises:
            ReadTooLarge: one series has too many samples, or all where they must be read at once, or there are too many labels.
            QueryTimeout: a piece took longer than `query.timeout`.
            TooManyQueries, Unavailable: as they say.
        """
        return self._pieces(principal, selection, make, None)

    async def _pieces(
        self, principal: Principal, selection: Selection, make: Callable[[SeriesColumns], _Made], most: int | None
    ) -> AsyncGenerator[Piece[_Made], None]:
        tenant = principal.tenant
        if selection.within.end < selection.within.start:
            return
        if selection.bare:
            yield await self._timed(self._labels(tenant, selection, make))
            return
        small = await self._timed(self._small(tenant, selection, make, most))
        if small is not None:
            yield small
            return
        known = await self._series.find(tenant, selection.matchers)
        if known is None:
            yield await self._timed(self._at_once(tenant, selection, make, most))
            return
        async with aclosing(self._slices(tenant, selection, known)) as slices:
            while (piece := await self._timed(self._slice(tenant, slices, make))) is not None:
                if most is not None:
                    most -= piece.samples
                    if most < 0:
                        raise self._too_large()
                yield piece

    async def _small(
        self, tenant: Tenant, selection: Selection, make: Callable[[SeriesColumns], _Made], most: int | None
    ) -> Piece[_Made] | None:
        """All of it, as a small read; None when it is a large one."""
        limit = SMALL_SAMPLES if most is None else min(SMALL_SAMPLES, most)
        turn = await self._turns.take(tenant, Lane.SMALL)
        try:
            return await self._made(await self._selected(tenant, selection, limit), make)
        except TooManySamples:
            if limit == most:
                raise self._too_large() from None
            return None
        finally:
            turn.end()

    async def _at_once(
        self, tenant: Tenant, selection: Selection, make: Callable[[SeriesColumns], _Made], most: int | None
    ) -> Piece[_Made]:
        """All of it, where series cannot be named before they are read."""
        limit = self._limits.at_once if most is None else min(self._limits.at_once, most)
        turn = await self._turns.take(tenant, Lane.LARGE)
        try:
            return await self._made(await self._selected(tenant, selection, limit), make)
        except TooManySamples as error:
            raise self._too_large(limit) from error
        finally:
            turn.end()

    async def _slice(
        self, tenant: Tenant, slices: AsyncGenerator[SeriesColumns, None], make: Callable[[SeriesColumns], _Made]
    ) -> Piece[_Made] | None:
        """The next slice; None after the last one."""
        turn = await self._turns.take(tenant, Lane.LARGE)
        try:
            found = await anext(slices, None)
            return None if found is None else await self._made(found, make)
        except TooManySamples as error:
            raise self._too_large(self._limits.at_once) from error
        finally:
            turn.end()

    async def _labels(
        self, tenant: Tenant, selection: Selection, make: Callable[[SeriesColumns], _Made]
    ) -> Piece[_Made]:
        """The series alone, without their samples."""
        most = self._limits.max_series
        found = await self._series.series(tenant, (selection.matchers,), selection.within, most + 1)
        if len(found) > most:
            raise ReadTooLarge(
                f"more than {most} series, which search.max_results allows: narrow the matchers or the range, or raise it",
                limit=most,
            )
        offsets, ids = np.zeros(len(found) + 1, np.int64), np.zeros(len(found), np.uint64)
        none = SeriesColumns.empty()
        return await self._made(SeriesColumns(tuple(found), ids, offsets, none.times, none.values), make)

    async def _selected(self, tenant: Tenant, selection: Selection, limit: int) -> SeriesColumns:
        return await self._series.select(tenant, selection.matchers, selection.within, limit)

    def _slices(self, tenant: Tenant, selection: Selection, known: KnownSeries) -> AsyncGenerator[SeriesColumns, None]:
        fetch = Fetch(selection.matchers, selection.within)
        limit = 2 * self._limits.at_once  # half of it for a single series
        return Slices(self._series, tenant, fetch, known, limit, most=PIECE_SAMPLES, by_labels=True).each()

    async def _made(self, columns: SeriesColumns, make: Callable[[SeriesColumns], _Made]) -> Piece[_Made]:
        samples = columns.samples
        self._telemetry.add(SAMPLES, samples)
        return Piece(await asyncio.get_running_loop().run_in_executor(self._executor, make, columns), samples)

    async def _timed(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        timeout = self._limits.timeout

        def expired() -> QueryTimeout:
            return QueryTimeout(f"the read took longer than {format_duration(round(timeout * 1000))} (query.timeout)")

        return await within(self._clock, timeout, work, expired)

    def _too_large(self, limit: int | None = None) -> ReadTooLarge:
        most = self._limits.max_samples if limit is None else min(limit, self._limits.max_samples)
        setting = "read.max_samples" if most == self._limits.max_samples else "query.max_samples"
        return ReadTooLarge(
            f"the read needs more than {most} samples, which {setting} allows: narrow its matchers or its range, ask for"
            " STREAMED_XOR_CHUNKS, or raise it",
            limit=most,
        )
