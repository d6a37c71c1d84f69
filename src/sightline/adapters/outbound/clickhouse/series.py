"""The series port on ClickHouse."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from typing_extensions import override

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.embedded import Embedded, EngineLimits
from sightline.adapters.outbound.clickhouse.matching import conditions
from sightline.adapters.outbound.clickhouse.native import Block, float64, instants, maps, uint64, words
from sightline.adapters.outbound.clickhouse.schema import migrate, retain
from sightline.adapters.outbound.clickhouse.statements import MATCHERS, Param, numbers, statement, text
from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.resolve import by_labels, last_writes
from sightline.domain.metrics.roster import texts_of
from sightline.domain.metrics.runs import Gathering, Run
from sightline.domain.metrics.runs import columns as gathered
from sightline.domain.metrics.samples import SeriesColumns, Times
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, TimeRange
from sightline.ports.archive import Described, SeriesArchive

_T = TypeVar("_T")

DEFAULT_RETENTION: Final = 15 * DAY
MAX_ROWS: Final = 500_000
"""Rows of a sealed range: the most that is sure to be one block of one insert, and so one part a month."""

# What DateTime64(3) is documented to hold, 1900 to 2299; every sample lies between.
_FIRST: Final = -2_208_988_800_000
_LAST: Final = 10_413_791_999_999


def _nothing(_step: str) -> None:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """The series that matchers select: their label sets by id, and the metrics they belong to."""

    labels: Mapping[int, Labels]
    metrics: tuple[int, ...]


class ClickHouseSeries(SeriesArchive):
    """Series and samples in two tables, see docs/adr/0003-metric-tables.md. Made by `open`.

    after_step: told the name of each step of a write once it is done (`series`, `samples`), so that tests can crash in between.
    """

    def __init__(self, engine: Embedded, after_step: Callable[[str], None] = _nothing) -> None:
        self._engine = engine
        self._after_step = after_step

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        retention: int | None = DEFAULT_RETENTION,
        limits: EngineLimits | None = None,
        program: str = "",
        after_step: Callable[[str], None] = _nothing,
    ) -> "ClickHouseSeries":
        """Open the store of a folder, created or migrated where needed.

        retention: how long samples are kept, ms; None is for ever. program: the version that opens it.

        Raises:
            DataFolderTooNew: written by a newer version.
            Unavailable, StorageFull, SettingsInvalid: the engine does not start.
        """
        engine = await Embedded.open(folder, limits)
        try:
            await migrate(engine, program)
            await retain(engine, retention)
        except BaseException:
            await engine.close()
            raise
        return cls(engine, after_step)

    async def close(self) -> None:
        """Close the engine; reads under way end with Unavailable, a write under way is finished first."""
        await self._engine.close()

    @override
    async def write(self, batch: SealedRange) -> None:
        if max(len(batch), len(batch.series_id)) > MAX_ROWS:
            message = f"range {batch.range_id} has {len(batch)} rows: seal at most {MAX_ROWS}"
            raise ValueError(message)
        if len(batch.series_id):
            # The table merges repeated rows of a series, so that a replay needs no look.
            await self._engine.insert(statement("series_insert"), lambda: _series_rows(batch))
        self._after_step("series")
        if len(batch):
            months, firsts = _months(batch.time)
            await self._engine.insert_absent(
                statement("samples_present"),
                lambda: _sample_rows(batch, firsts),
                statement("samples_insert"),
                lambda found: _rows_of_other_months(batch, months, array(found["month"])),
            )
        self._after_step("samples")

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        resolved = await self.resolve(tenant, matchers)
        if not resolved.labels:
            return SeriesColumns.empty()
        return await self._read(
            tenant, resolved.metrics, resolved.labels, within, limit, lambda rows: _columns(rows, resolved.labels)
        )

    @override
    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        if not len(known):
            return SeriesColumns.empty()
        return await self._read(
            tenant, known.metrics, known.ids.tolist(), within, limit, lambda rows: _known_columns(rows, known)
        )

    async def _read(
        self,
        tenant: Tenant,
        metrics: Iterable[int],
        ids: Iterable[int],
        within: TimeRange,
        limit: int,
        make: Callable[[pa.Table], SeriesColumns],
    ) -> SeriesColumns:
        parameters: dict[str, Param] = {
            "tenant": text(tenant),
            "metrics": numbers(metrics),
            "ids": numbers(ids),
            **_bounds(within),
        }
        found = await self._engine.read_into(
            lambda rows: None if rows.num_rows > limit else make(rows),
            statement("samples_select"),
            {**parameters, "limit": limit + 1},
        )
        if found is not None:
            return found
        # Rows of parts not yet merged may repeat a timestamp: what counts is how many remain.
        counted = await self._engine.read(statement("samples_count"), {**parameters, "limit": limit + 1})
        if counted["samples"][0].as_py() > limit:
            message = f"the query needs more than {limit} samples: ask for less, or raise query.max_samples"
            raise TooManySamples(message, limit=limit)
        return await self._engine.read_into(make, statement("samples_select"), {**parameters, "limit": 2**63})

    @override
    async def described(self) -> AsyncIterator[Described]:
        yield await self._engine.read_into(_described, statement("series_described"))

    @override
    async def density(self, newest: int, width: int, count: int) -> Sequence[int]:
        parameters: dict[str, Param] = {"newest": newest, "width": width, "count": count}
        rows = await self._engine.read(statement("samples_density"), parameters)
        found = np.zeros(count + 1, np.int64)
        if rows.num_rows:
            found[array(rows["span"])] = array(rows["rows"])
        counts: list[int] = found.tolist()
        return counts

    @override
    async def runs(self, within: TimeRange) -> Mapping[Tenant, Run]:
        return await self._engine.read_into(_runs, statement("samples_within"), _bounds(within))

    async def resolve(self, tenant: Tenant, matchers: Matchers) -> Resolved:
        """The series that satisfy all matchers, whenever they were seen."""
        condition, parameters = conditions((matchers,))
        sql = statement("series_resolve").replace(MATCHERS, condition)
        return await self._engine.read_into(_resolved, sql, {"tenant": text(tenant), **parameters})

    @override
    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        return await self._search(_listed, "series_list", tenant, matcher_sets, within, {"limit": limit})

    @override
    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        return await self._search(_texts, "label_names", tenant, matcher_sets, within, {"limit": limit})

    @override
    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        more: dict[str, Param] = {"limit": limit, "name": text(name)}
        return await self._search(_texts, "label_values", tenant, matcher_sets, within, more)

    async def _search(
        self,
        make: Callable[[pa.Table], _T],
        name: str,
        tenant: Tenant,
        matcher_sets: Sequence[Matchers],
        within: TimeRange,
        more: Mapping[str, Param],
    ) -> _T:
        condition, parameters = conditions(matcher_sets)
        sql = statement(name).replace(MATCHERS, condition)
        return await self._engine.read_into(
            make, sql, {"tenant": text(tenant), **_bounds(within), **parameters, **more}
        )


def _bounds(within: TimeRange) -> dict[str, Param]:
    return {"start": min(max(within.start, _FIRST), _LAST + 1), "end": min(max(within.end, _FIRST - 1), _LAST)}


def _months(times: Times) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The partition of each row, as toYYYYMM numbers, and the first row of each partition."""
    least, greatest = _month(np.array([times.min(), times.max()]))
    if least == greatest:  # nearly always; the calendar of all rows would cost 10 ms
        return np.full(len(times), least), np.zeros(1, np.intp)
    months = _month(times)
    return months, np.unique(months, return_index=True)[1]


def _month(times: Times) -> NDArray[np.int64]:
    count = times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return (1970 + count // 12) * 100 + count % 12 + 1


def _rows_of_other_months(batch: SealedRange, months: NDArray[np.int64], stored: NDArray[np.int64]) -> Block:
    """What an earlier, unfinished write of this range did not store. A month's rows of one insert are stored all or none."""
    return _sample_rows(batch, np.flatnonzero(~np.isin(months, stored)) if len(stored) else slice(None))


def _sample_rows(batch: SealedRange, rows: slice | NDArray[np.intp]) -> Block:
    lengths, times = np.diff(batch.offsets), batch.time[rows]
    return Block.of(
        words("tenant", np.repeat(batch.run_tenant, lengths)[rows], batch.tenants),
        uint64("metric", np.repeat(batch.run_metric, lengths)[rows]),
        uint64("id", np.repeat(batch.run_id, lengths)[rows]),
        instants("ts", times),
        float64("value", batch.value[rows]),
        uint64("seq", np.full(len(times), batch.range_id, np.uint64)),
    )


def _series_rows(batch: SealedRange) -> Block:
    return Block.of(
        words("tenant", batch.series_tenant, batch.tenants),
        uint64("metric", batch.series_metric),
        uint64("id", batch.series_id),
        maps("labels", texts_of(batch.labels)),
        instants("first_seen", batch.first_seen),
        instants("last_seen", batch.last_seen),
    )


def _resolved(rows: pa.Table) -> Resolved:
    if not rows.num_rows:
        return Resolved({}, ())
    labels = dict(zip(array(rows["id"]).tolist(), _labels(rows["label_set"]), strict=True))
    return Resolved(labels, tuple(np.unique(array(rows["metric_id"])).tolist()))


def _listed(rows: pa.Table) -> list[Labels]:
    return _labels(rows["label_set"]) if rows.num_rows else []


def _texts(rows: pa.Table) -> list[str]:
    """The only column."""
    texts: list[Any] = rows[0].to_pylist() if rows.num_rows else []
    return texts


def _labels(column: Any) -> list[Labels]:
    """Label sets of a map column; an object per label set, as every answer has, but none per row besides."""
    found: list[Labels] = []
    for chunk in column.chunks:
        offsets = chunk.offsets.to_pylist()
        names = chunk.keys[: offsets[-1]].to_pylist()
        values = chunk.items[: offsets[-1]].to_pylist()
        pairs = list(zip(names, values, strict=True))
        found.extend(Labels(pairs[start:end]) for start, end in pairwise(offsets))
    return found


def _columns(rows: pa.Table, labels: Mapping[int, Labels]) -> SeriesColumns:
    if not rows.num_rows:
        return SeriesColumns.empty()
    ids, times, values, seqs = (array(rows[name]) for name in ("id", "time", "value", "seq"))
    kept = last_writes(ids, times, seqs)
    return by_labels(labels, ids[kept], times[kept], values[kept])


def _known_columns(rows: pa.Table, known: KnownSeries) -> SeriesColumns:
    if not rows.num_rows:
        return SeriesColumns.empty()
    ids, times, values, seqs = (array(rows[name]) for name in ("id", "time", "value", "seq"))
    kept = last_writes(ids, times, seqs)
    return gathered(known, Gathering([(Run.of_rows(ids[kept], times[kept], values[kept]), ALL_TIME)], known))


def _described(rows: pa.Table) -> Described:
    if not rows.num_rows:
        none = np.empty(0, np.int64)
        return Described([], np.empty(0, np.uint64), [], none, none)
    names: list[Any] = rows["tenant"].to_pylist()
    return Described(
        [Tenant(name) for name in names],
        array(rows["id"]),
        _labels(rows["label_set"]),
        array(rows["first"]),
        array(rows["last"]),
    )


def _runs(rows: pa.Table) -> dict[Tenant, Run]:
    if not rows.num_rows:
        return {}
    named: Any = rows["tenant"].combine_chunks().dictionary_encode()
    tenant, ids, times, values, seqs = (
        array(named.indices),
        *(array(rows[name]) for name in ("id", "time", "value", "seq")),
    )
    found = {}
    for number, name in enumerate(named.dictionary.to_pylist()):
        own = np.flatnonzero(tenant == number)
        own = own[last_writes(ids[own], times[own], seqs[own])]
        found[Tenant(name)] = Run.of_rows(ids[own], times[own], values[own])
    return found
