"""What is read from the chunks in memory is what the engine would have answered."""

from collections.abc import Sequence

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.domain.errors import TooManySamples, Unavailable
from sightline.domain.labels import Labels, series_id
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, HOUR, MINUTE, TimeRange

NOW = 1_790_000_000_000
HERE, THERE = Tenant("here"), Tenant("there")
STEP = 15_000
SERIES = [Labels.of(__name__=f"m{number % 3}", i=str(number)) for number in range(8)]
KNOWN = KnownSeries.of(SERIES, [series_id(labels) for labels in SERIES])
ROOM = 1 << 20


def writes(
    start: int, samples: int, tenant: Tenant = HERE, series: Sequence[Labels] = SERIES, salt: float = 0
) -> list[Write]:
    """Samples every 15 s from a time on."""
    return [
        Write(tenant, labels, [(start + at * STEP, salt + at * 7 + number) for at in range(samples)])
        for number, labels in enumerate(series)
    ]


async def read(store: ClickHouseSeries, within: TimeRange, tenant: Tenant = HERE) -> SeriesColumns:
    """All that a tenant has in a range."""
    return await store.select_known(tenant, KNOWN, within, 10**6)


def same(one: SeriesColumns, other: SeriesColumns) -> bool:
    """Whether two answers are equal to the last bit."""
    columns = [(one.ids, other.ids), (one.offsets, other.offsets), (one.times, other.times), (one.values, other.values)]
    return one.labels == other.labels and all(np.array_equal(left, right) for left, right in columns)


async def test_what_was_written_last_is_read_without_the_tables(engine: Embedded) -> None:
    """A range that lies in memory is answered whole, also over the hours at which chunks end, and each tenant gets its own."""
    store, ledger = ClickHouseSeries(engine, recent_bytes=ROOM), Ledger()
    await store.write(ledger.sealed([*writes(NOW, 500), *writes(NOW, 3, THERE, SERIES[2:4])]))
    await store.write(ledger.sealed(writes(NOW + 500 * STEP, 100, series=SERIES[:5])))
    ranges = [ALL_TIME, TimeRange(NOW + HOUR, NOW + HOUR + MINUTE), TimeRange(NOW + 499 * STEP, NOW + 501 * STEP)]
    expected = [await read(ClickHouseSeries(engine), within, HERE) for within in ranges]
    there = await read(ClickHouseSeries(engine), ALL_TIME, THERE)
    await engine.command("TRUNCATE TABLE chunks")
    assert [len(found) for found in expected] == [8, 8, 8]
    assert all([same(await read(store, within), found) for within, found in zip(ranges, expected, strict=True)])
    assert same(await read(store, ALL_TIME, THERE), there)
    assert there.samples == 6
    assert not len(await read(store, TimeRange(NOW - HOUR, NOW - 1)))


async def test_the_oldest_is_given_up_when_there_is_no_more_room(engine: Embedded) -> None:
    """Memory stays within its bound, and what it no longer holds whole is asked of the tables."""
    store, ledger = ClickHouseSeries(engine, recent_bytes=5_000), Ledger()
    for hour in range(20):
        await store.write(ledger.sealed(writes(NOW + hour * HOUR, 60)))
    assert 0 < store.weight <= 5_000
    newest, oldest = TimeRange(NOW + 19 * HOUR, NOW + 20 * HOUR), TimeRange(NOW, NOW + HOUR - 1)
    assert (await read(store, ALL_TIME)).samples == 20 * 60 * 8
    await engine.command("TRUNCATE TABLE chunks")
    assert (await read(store, newest)).samples == 60 * 8
    assert not len(await read(store, oldest))
    assert not len(await read(store, TimeRange(oldest.start, newest.end)))


async def test_what_was_stored_before_the_start_is_asked_of_the_tables(engine: Embedded) -> None:
    """Memory answers only for times after all that it did not see being written."""
    ledger = Ledger()
    await ClickHouseSeries(engine).write(ledger.sealed(writes(NOW, 60)))
    store = ClickHouseSeries(engine, recent_bytes=ROOM)
    await store.write(ledger.sealed(writes(NOW + 60 * STEP, 60)))
    assert (await read(store, ALL_TIME)).samples == 120 * 8
    assert (await read(store, TimeRange(NOW + 59 * STEP, NOW + 60 * STEP))).samples == 2 * 8
    await engine.command("TRUNCATE TABLE chunks")
    assert (await read(store, TimeRange(NOW + 60 * STEP, NOW + HOUR))).samples == 60 * 8


async def test_a_range_that_may_be_there_in_part_is_asked_of_the_tables(engine: Embedded) -> None:
    """A replayed range is not kept, for parts of it were perhaps written by an earlier try."""
    store, ledger = ClickHouseSeries(engine, recent_bytes=ROOM), Ledger()
    first, second = ledger.sealed(writes(NOW + HOUR, 60)), ledger.sealed(writes(NOW, 60))
    await store.write(second)
    await store.write(first)
    await store.write(ledger.sealed(writes(NOW + 2 * HOUR, 60)))
    assert (await read(store, ALL_TIME)).samples == 3 * 60 * 8
    await engine.command("TRUNCATE TABLE chunks")
    assert not len(await read(store, TimeRange(NOW, NOW + 2 * HOUR - 1)))
    assert (await read(store, TimeRange(NOW + 2 * HOUR, NOW + 3 * HOUR))).samples == 60 * 8


async def test_a_range_that_was_not_stored_is_not_answered(engine: Embedded) -> None:
    """When the engine refuses an insert, nothing of it is seen, and all of it once it is written again."""
    store, ledger = ClickHouseSeries(engine, recent_bytes=ROOM), Ledger()
    await store.write(ledger.sealed(writes(NOW, 60)))
    failing = ledger.sealed(writes(NOW + HOUR, 60))
    await engine.command("RENAME TABLE chunks TO elsewhere")
    with pytest.raises(Unavailable):
        await store.write(failing)
    await engine.command("RENAME TABLE elsewhere TO chunks")
    assert (await read(store, ALL_TIME)).samples == 60 * 8
    await store.write(failing)
    assert (await read(store, ALL_TIME)).samples == 2 * 60 * 8


async def test_a_read_from_memory_is_bounded_as_well(engine: Embedded) -> None:
    """More samples than the limit are refused, as many are not."""
    store = ClickHouseSeries(engine, recent_bytes=ROOM)
    await store.write(Ledger().sealed(writes(NOW, 60)))
    assert (await store.select_known(HERE, KNOWN, ALL_TIME, 480)).samples == 480
    with pytest.raises(TooManySamples):
        await store.select_known(HERE, KNOWN, ALL_TIME, 479)


async def test_any_order_of_writes_reads_as_from_the_tables(engine: Embedded) -> None:
    """Late samples, repeated ones and two tenants: at every moment memory and tables agree."""
    store, plain, ledger, chance = (
        ClickHouseSeries(engine, recent_bytes=12_000),
        ClickHouseSeries(engine),
        Ledger(),
        np.random.default_rng(7),
    )
    for turn in range(25):
        batch = []
        for tenant in (HERE, THERE):
            start = (
                NOW + int(chance.integers(max(0, turn - 5), turn + 1)) * HOUR // 2 + int(chance.integers(0, 9)) * STEP
            )
            some = [SERIES[at] for at in np.flatnonzero(chance.random(len(SERIES)) < 0.6)]
            batch += writes(start, int(chance.integers(1, 90)), tenant, some, salt=float(turn))
        await store.write(ledger.sealed(batch))
        begin = NOW + int(chance.integers(0, turn + 2)) * HOUR // 2
        for tenant in (HERE, THERE):
            for within in (TimeRange(begin, begin + HOUR), TimeRange(begin + 1, NOW + 100 * HOUR)):
                assert same(await read(store, within, tenant), await read(plain, within, tenant)), (turn, within)
