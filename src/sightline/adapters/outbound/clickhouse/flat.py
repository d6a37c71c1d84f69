"""The table `samples` of older folders, a row for each sample: rewritten as chunks when such a folder is opened."""

from functools import partial
from typing import Any, Final

import numpy as np
import pyarrow as pa

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.encoding import Chunked
from sightline.adapters.outbound.clickhouse.statements import statement
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.tenancy import Tenant

SLICE: Final = 1_000_000
"""Rows that are rewritten at once, about. 500,000 took 490 MB of memory, the engine's included, and 2,000,000 took 890; each slice
goes through the ids of its whole month."""


async def rewrite(engine: Embedded, slice_rows: int = SLICE) -> None:
    """Rewrite all rows of `samples` as chunks, month by month, and drop the table; without one, do nothing.

    Safe against a crash at any moment: a month of `samples` goes only when all of it is in `chunks`, and what `chunks` has of a
    month that is still in `samples` comes from an attempt that was not finished, for nothing else is written before this is done.
    """
    if not (await engine.read(statement("samples_exists")))["tables"][0].as_py():
        return
    for row in (await engine.read(statement("samples_months"))).to_pylist():
        month = str(row["month"])
        await engine.command(statement("chunks_drop_month").replace("{month}", month))
        slices = -(-row["rows"] // slice_rows)
        for number in range(slices):
            rows = await engine.read_into(
                _chunked, statement("samples_slice"), {"month": row["month"], "slices": slices, "slice": number}
            )
            if rows is not None:
                for chunks in rows.inserts():
                    await engine.insert(statement("chunks_insert"), partial(rows.rows, chunks))
        await engine.command(statement("samples_drop_month").replace("{month}", month))
    await engine.command(statement("samples_drop"))


def _chunked(rows: pa.Table) -> Chunked | None:
    """Chunks of rows in any order. A chunk counts as written when the last of its samples was."""
    if not rows.num_rows:
        return None
    named: Any = rows["tenant"].combine_chunks().dictionary_encode()
    names: list[str] = named.dictionary.to_pylist()
    tenants = sorted(names)
    tenant = np.array([tenants.index(name) for name in names], np.uint32)[array(named.indices)]
    metric, ids, times, values, seqs = (array(rows[name]) for name in ("metric", "id", "time", "value", "seq"))
    order = np.lexsort((seqs, times, ids, metric, tenant))
    tenant, metric, ids = (column[order] for column in (tenant, metric, ids))
    new_series = np.ones(len(order) + 1, np.bool_)
    new_series[1:-1] = (tenant[1:] != tenant[:-1]) | (metric[1:] != metric[:-1]) | (ids[1:] != ids[:-1])
    last = new_series[1:].copy()
    last[:-1] |= np.diff(times[order]) != 0
    kept = order[last]
    starts = np.flatnonzero(new_series[:-1])
    offsets = np.append(np.searchsorted(np.flatnonzero(last), starts), len(kept))
    nothing, none = np.empty(0, np.int64), np.empty(0, np.uint64)
    batch = SealedRange(
        0,
        tuple(Tenant(name) for name in tenants),
        np.empty(0, np.uint32),
        none,
        none,
        (),
        nothing,
        nothing,
        tenant[starts],
        metric[starts],
        ids[starts],
        offsets.astype(np.int64),
        times[kept],
        values[kept],
    )
    found = Chunked.of(batch)
    return Chunked(batch, found.runs, found.begins, found.ends, np.maximum.reduceat(seqs[kept], found.begins))
