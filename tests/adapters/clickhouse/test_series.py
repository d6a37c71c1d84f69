import dataclasses
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.schema import migrate, migrations, retain
from sightline.adapters.outbound.clickhouse.series import MAX_ROWS, ClickHouseSeries
from sightline.adapters.outbound.clickhouse.statements import statement
from sightline.domain.errors import DataFolderTooNew
from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import Appended, SealedRange, SeriesSeen, seal
from sightline.domain.metrics.resolve import last_writes
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import ALL_TIME, DAY

NOW = 1_790_000_000_000
UP = Labels.of(__name__="up", job="a")


def full_range() -> SealedRange:
    """The largest range there may be: 500,000 rows of 1,000 series over three months."""
    series, each = 1_000, MAX_ROWS // 1_000
    labels = [Labels.of(__name__="m", i=str(number)) for number in range(series)]
    ids = np.array([series_id(one) for one in labels], np.uint64)
    times = NOW + np.linspace(0, 62 * DAY, each).astype(np.int64)
    seen = SeriesSeen.of(*((int(id_), one, NOW, NOW + 62 * DAY) for id_, one in zip(ids, labels, strict=True)))
    entry = Appended(
        DEFAULT_TENANT,
        0,
        seen,
        ids,
        np.full(series, metric_id("m"), np.uint64),
        np.repeat(np.arange(series, dtype=np.uint32), each),
        np.tile(times, series),
        np.arange(MAX_ROWS, dtype=np.float64),
    )
    return seal(1, [entry])


async def stored(engine: Embedded) -> list[int]:
    """How many rows of samples are stored, repeated ones counted, per month."""
    counted = await engine.read(
        "SELECT toYYYYMM(ts) AS month, count() AS rows FROM samples GROUP BY month ORDER BY month"
    )
    return counted["rows"].to_numpy().tolist() if counted.num_rows else []


async def test_a_full_range_over_three_months_is_stored_once_however_often_it_is_written(engine: Embedded) -> None:
    """Half a million rows stay one block each month, so that a replay adds no row, not even one that a read would hide."""
    store, batch = ClickHouseSeries(engine), full_range()
    await store.write(batch)
    once = await stored(engine)
    assert len(once) == 3
    assert sum(once) == MAX_ROWS
    await store.write(batch)
    assert await stored(engine) == once


async def test_a_replay_completes_what_a_crash_left_after_the_first_month(engine: Embedded) -> None:
    """Months that were stored before the crash are not doubled, and those that were not are added."""
    store, batch = ClickHouseSeries(engine), full_range()
    await store.write(batch)
    whole = await stored(engine)
    for month in ("202610", "202611"):
        await engine.command(f"ALTER TABLE samples DROP PARTITION {month}")
    assert await stored(engine) == whole[:1]
    await store.write(batch)
    assert await stored(engine) == whole


class CrashError(Exception):
    """The process ended here."""


@pytest.mark.parametrize("step", ["series", "samples"])
async def test_a_crash_after_each_step_is_repaired_by_the_replay(engine: Embedded, step: str) -> None:
    """Series rows go first; whatever a crash left, writing the range again leaves exactly its rows."""

    def crash(done: str) -> None:
        if done == step:
            raise CrashError

    batch = Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW, 1.0), (NOW + 60 * DAY, 2.0)])])
    with pytest.raises(CrashError):
        await ClickHouseSeries(engine, after_step=crash).write(batch)
    store = ClickHouseSeries(engine)
    assert await store.series(DEFAULT_TENANT, (), ALL_TIME, 9) == [UP]
    assert sum(await stored(engine)) == (0 if step == "series" else 2)
    await store.write(batch)
    assert sum(await stored(engine)) == 2
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).samples == 2


async def test_a_range_that_could_be_doubled_is_refused(engine: Embedded) -> None:
    """More rows than fit one insert for sure are a mistake of the caller, and nothing is stored."""
    batch = full_range()
    offsets = np.append(batch.offsets[:-1], len(batch) + 1)
    times, values = np.append(batch.time, batch.time[-1] + 1), np.append(batch.value, 1.0)
    with pytest.raises(ValueError, match="at most 500000"):
        await ClickHouseSeries(engine).write(dataclasses.replace(batch, offsets=offsets, time=times, value=values))
    assert await stored(engine) == []


async def test_a_range_may_span_many_years(engine: Embedded) -> None:
    """Hundreds of months in one range are no error."""
    samples = [(month * 31 * DAY, 1.0) for month in range(300)]
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, samples)]))
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 300)).samples == 300


async def test_rows_survive_a_restart(tmp_path: Path) -> None:
    """What was written is there when the folder is opened again, and a repeated range is still recognised."""
    batch = Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW, 1.0)])])
    for _ in range(2):
        store = await ClickHouseSeries.open(tmp_path, retention=None, program="1.2.3")
        await store.write(batch)
        assert await stored(store._engine) == [1]
        assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).samples == 1
        await store.close()


async def test_an_older_folder_is_migrated(engine: Embedded) -> None:
    """A folder that a crash left between two migrations is brought to the present version, its rows kept."""
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW, 1.0)])]))
    await engine.command("ALTER TABLE schema_version DELETE WHERE version > 1 SETTINGS mutations_sync = 2")
    await migrate(engine, "1.3.0")
    assert (await engine.read("SELECT version, program FROM schema_version ORDER BY version")).to_pylist() == [
        {"version": version, "program": "1.2.3" if version == 1 else "1.3.0"}
        for version in range(1, len(migrations()) + 1)
    ]
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).samples == 1


async def test_a_newer_folder_is_refused_with_its_version(engine: Embedded) -> None:
    """The message names the program that wrote the folder; no table is touched."""
    newer = len(migrations()) + 1
    await engine.command(statement("schema_version_insert"), {"version": newer, "program": "9.8.7"})
    with pytest.raises(DataFolderTooNew, match=r"9\.8\.7"):
        await migrate(engine, "1.2.3")


async def time_to_live(engine: Embedded) -> list[str]:
    """The TTL in seconds of samples and series, empty for none."""
    return [row["seconds"] for row in sorted((await engine.read(statement("retention_select"))).to_pylist(), key=str)]


@pytest.mark.parametrize("steps", [[15 * DAY, 15 * DAY, 30 * DAY, None, None, 1_500], [None, 15 * DAY]])
async def test_retention_is_what_was_last_asked_for(engine: Embedded, steps: list[int | None]) -> None:
    """Retention is set, changed and lifted, asking for what is there changes nothing, and series stay a day longer."""
    for retention in steps:
        await retain(engine, retention)
        seconds = "" if retention is None else str(-(-retention // 1_000))
        longer = "" if retention is None else str(-(-(retention + DAY) // 1_000))
        assert await time_to_live(engine) == [seconds, longer]


async def test_expired_months_are_dropped_whole(engine: Embedded) -> None:
    """With retention on, a merge drops parts of which every row has expired and keeps the others."""
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(0, 1.0), (4_000_000_000_000, 2.0)])]))
    await retain(engine, 15 * DAY)
    await engine.command("ALTER TABLE samples MATERIALIZE TTL SETTINGS mutations_sync = 2")
    await engine.command("OPTIMIZE TABLE samples FINAL")
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).times.tolist() == [4_000_000_000_000]


async def test_a_large_answer_is_put_together_off_the_event_loop(
    engine: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorting millions of rows takes seconds, in which the program must go on: it happens on the connection's thread."""
    threads = []

    def noting(*columns: np.ndarray) -> np.ndarray:
        threads.append(threading.current_thread().name)
        return last_writes(*columns)

    monkeypatch.setattr("sightline.adapters.outbound.clickhouse.series.last_writes", noting)
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW, 1.0)])]))
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 10)).values.tolist() == [1.0]
    assert len(threads) == 1
    assert threads[0].startswith("clickhouse-reader")
