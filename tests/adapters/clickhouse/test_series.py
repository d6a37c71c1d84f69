import threading
from pathlib import Path

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.encoding import Chunked
from sightline.adapters.outbound.clickhouse.flat import rewrite
from sightline.adapters.outbound.clickhouse.schema import Retention, migrate, migrations, retain
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.clickhouse.statements import Params, statement
from sightline.domain.errors import DataFolderTooNew, TooManySamples, Unavailable
from sightline.domain.kernels.chunk_decode import decode
from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.digest import Statistic, Windows
from sightline.domain.metrics.journal import Appended, SealedRange, SeriesSeen, seal
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, MINUTE, TimeRange

NOW = 1_790_000_000_000
UP = Labels.of(__name__="up", job="a")


ROWS = 1_000


@pytest.fixture
def small_inserts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inserts of 1,000 rows at most."""
    for module in ("encoding", "series"):
        monkeypatch.setattr(f"sightline.adapters.outbound.clickhouse.{module}.MAX_ROWS", ROWS)


def long_range() -> SealedRange:
    """Ten rows more than one insert of 1,000 takes: 10 series over three months, one sample an hour at most."""
    series, each = 10, ROWS // 10 + 1
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
        np.arange(series * each, dtype=np.float64),
    )
    return seal(1, [entry])


async def stored(engine: Embedded) -> list[int]:
    """How many samples are stored, repeated ones counted, per month."""
    counted = await engine.read(
        "SELECT toYYYYMM(first) AS month, sum(samples) AS samples FROM chunks GROUP BY month ORDER BY month"
    )
    return counted["samples"].to_numpy().tolist() if counted.num_rows else []


@pytest.mark.usefixtures("small_inserts")
async def test_a_range_of_several_inserts_is_stored_once_however_often_it_is_written(engine: Embedded) -> None:
    """Every insert stays one block each month, so that a replay adds no row, not even one that a read would hide."""
    store, batch = ClickHouseSeries(engine), long_range()
    assert len(list(Chunked.of(batch).inserts())) == 2
    await store.write(batch)
    once = await stored(engine)
    assert len(once) == 3
    assert sum(once) == len(batch) > ROWS
    parts = "SELECT count() AS parts FROM system.parts WHERE table = 'chunks' AND level = 0 AND active"
    assert (await engine.read(parts))["parts"][0].as_py() <= 6
    await store.write(batch)
    assert await stored(engine) == once


@pytest.mark.usefixtures("small_inserts")
async def test_a_replay_completes_what_a_crash_left_after_the_first_month(engine: Embedded) -> None:
    """Months that were stored before the crash are not doubled, and those that were not are added."""
    store, batch = ClickHouseSeries(engine), long_range()
    await store.write(batch)
    whole = await stored(engine)
    for month in ("202610", "202611"):
        await engine.command(f"ALTER TABLE chunks DROP PARTITION {month}")
    assert await stored(engine) == whole[:1]
    await store.write(batch)
    assert await stored(engine) == whole


async def test_an_insert_holds_a_bounded_number_of_samples(engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a range has more goes into further inserts, each of which a replay recognises by itself."""
    monkeypatch.setattr("sightline.adapters.outbound.clickhouse.encoding.MAX_SAMPLES", 70_000)
    ticks = [(NOW + at, float(at)) for at in range(200_000)]
    batch = Ledger().sealed([Write(DEFAULT_TENANT, UP, ticks)])
    assert [len(rows) for rows in Chunked.of(batch).inserts()] == [1, 1, 2]
    store = ClickHouseSeries(engine)
    for _ in range(2):
        await store.write(batch)
        assert await stored(engine) == [200_000]
    found = await store.select(DEFAULT_TENANT, (), ALL_TIME, 200_000)
    assert found.times.tolist() == [time for time, _ in ticks]
    assert found.values.tolist() == [value for _, value in ticks]


async def test_a_digest_costs_its_windows_and_not_their_samples(engine: Embedded) -> None:
    """A limit far below the number of samples is kept as long as none of them has to be read."""
    store, windows = ClickHouseSeries(engine), Windows(NOW // HOUR * HOUR, HOUR, 3)
    ticks = [(windows.start + at * MINUTE, float(at)) for at in range(1, 181)]
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, ticks)]))
    found = await store.digested(DEFAULT_TENANT, (), windows, Statistic.GREATEST, 6)
    assert found.values.tolist() == [60.0, 120.0, 180.0]
    with pytest.raises(TooManySamples):
        await store.digested(DEFAULT_TENANT, (), windows, Statistic.GREATEST, 5)


async def test_bounds_of_very_many_chunks_are_too_many(engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read of chunks takes memory too, and is bounded with the samples; a few are always allowed."""
    store, windows = ClickHouseSeries(engine), Windows(NOW // HOUR * HOUR, HOUR, 3)
    ticks = [(windows.start + at * HOUR, float(at)) for at in range(1, 4)]
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, ticks)]))
    known = await store.find(DEFAULT_TENANT, ())
    assert (await store.digest(DEFAULT_TENANT, known, windows, 1)).counts.tolist() == [[1, 1, 1]]
    monkeypatch.setattr("sightline.adapters.outbound.clickhouse.bounds.SLACK", 0)
    assert (await store.digest(DEFAULT_TENANT, known, windows, 15)).counts.tolist() == [[1, 1, 1]]
    with pytest.raises(TooManySamples):
        await store.digest(DEFAULT_TENANT, known, windows, 14)


async def test_the_first_instant_of_a_month_belongs_to_the_hour_before(engine: Embedded) -> None:
    """A chunk that ends there lies in the month where it begins, and is read from both sides."""
    midnight = 1_793_491_200_000  # 1 November 2026, UTC
    store = ClickHouseSeries(engine)
    samples = [(midnight + at * 15_000, float(at)) for at in (-1, 0, 1)]
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, samples)]))
    assert await stored(engine) == [2, 1]
    for start, end, values in [(0, 0, [0.0]), (-1, 0, [-1.0, 0.0]), (0, 1, [0.0, 1.0]), (1, 9, [1.0])]:
        within = TimeRange(midnight + start * 15_000, midnight + end * 15_000)
        assert (await store.select(DEFAULT_TENANT, (), within, 9)).values.tolist() == values


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


async def test_a_range_may_span_many_years(engine: Embedded) -> None:
    """More months in one range than ClickHouse by itself lets an insert touch, a hundred, are no error."""
    samples = [(month * 31 * DAY, 1.0) for month in range(120)]
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, samples)]))
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 120)).samples == 120
    assert (await store.chunks(DEFAULT_TENANT), await store.chunks(Tenant("other"))) == (120, 0)


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


MONTH = 31 * DAY
FLAT_ROWS = [
    # tenant, id, time, value, seq: rows as older versions wrote them, a timestamp written twice, a month's first instant
    ("b", 7, NOW, 1.5, 3),
    ("a", 7, NOW, 2.0, 3),
    ("a", 7, NOW + 1, 3.0, 3),
    ("a", 7, NOW + 1, 4.0, 5),
    ("a", 7, NOW + 2, 5.0, 4),
    ("a", 7, 1_793_491_200_000, 6.0, 4),
    ("a", 9, NOW + 2 * MONTH, float("inf"), 6),
]


async def write_flat(engine: Embedded) -> None:
    """An older folder's samples, with the statement of the older version."""
    for tenant, id_, time, value, seq in FLAT_ROWS:
        await engine.command(
            "INSERT INTO samples (tenant, metric, id, ts, value, seq)"
            f" SELECT '{tenant}', 1, {id_}, fromUnixTimestamp64Milli({time}, 'UTC'), {value}, {seq}"
        )


async def flat_contents(store: ClickHouseSeries) -> dict[str, list[tuple[int, int, float]]]:
    """Tenant -> (id, time, value) of all samples."""
    found = {}
    for tenant, run in (await store.runs(ALL_TIME)).items():
        rows = zip(run.ids.tolist(), run.starts.tolist(), run.ends.tolist(), strict=True)
        found[str(tenant)] = [
            (id_, int(run.times[at]), float(run.values[at])) for id_, start, end in rows for at in range(start, end)
        ]
    return found


@pytest.mark.parametrize("slice_rows", [1, 3, 1_000])
async def test_samples_of_an_older_folder_become_chunks(engine: Embedded, slice_rows: int) -> None:
    """Of each timestamp the last write is kept, tenants and months apart, whatever is rewritten at once; then the table is gone."""
    await write_flat(engine)
    await rewrite(engine, slice_rows)
    store = ClickHouseSeries(engine)
    assert await flat_contents(store) == {
        "a": [
            (7, NOW, 2.0),
            (7, NOW + 1, 4.0),
            (7, NOW + 2, 5.0),
            (7, 1_793_491_200_000, 6.0),
            (9, NOW + 2 * MONTH, float("inf")),
        ],
        "b": [(7, NOW, 1.5)],
    }
    seqs = await engine.read("SELECT seq FROM chunks ORDER BY tenant, metric, id, first")
    assert seqs["seq"].to_pylist() == [5, 4, 6, 3]
    assert (await engine.read(statement("samples_exists")))["tables"][0].as_py() == 0
    await rewrite(engine)  # nothing is left to do


async def test_a_rewrite_that_was_cut_short_is_done_again(engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it left of a month that is not finished is thrown away first; months that were finished stay."""
    await write_flat(engine)
    command, steps = engine.command, iter([False, True])

    async def dying(sql: str, parameters: Params | None = None) -> None:
        if sql.startswith("ALTER TABLE samples DROP PARTITION") and next(steps):
            raise CrashError
        await command(sql, parameters)

    monkeypatch.setattr(engine, "command", dying)
    with pytest.raises(CrashError):
        await rewrite(engine, 2)
    monkeypatch.undo()
    await rewrite(engine, 3)
    assert sum(await stored(engine)) == 6
    assert len((await flat_contents(ClickHouseSeries(engine)))["a"]) == 5


async def test_a_newer_folder_is_refused_with_its_version(engine: Embedded) -> None:
    """The message names the program that wrote the folder; no table is touched."""
    newer = len(migrations()) + 1
    await engine.command(statement("schema_version_insert"), {"version": newer, "program": "9.8.7"})
    with pytest.raises(DataFolderTooNew, match=r"9\.8\.7"):
        await migrate(engine, "1.2.3")


async def time_to_live(engine: Embedded) -> list[str]:
    """The TTL in seconds of samples and series, empty for none."""
    found = {row["name"]: row["seconds"] for row in (await engine.read(statement("retention_select"))).to_pylist()}
    return [found[table] for table in ("chunks", "histograms", "series")]


@pytest.mark.parametrize("steps", [[15 * DAY, 15 * DAY, 30 * DAY, None, None, 1_500], [None, 15 * DAY]])
async def test_retention_is_what_was_last_asked_for(engine: Embedded, steps: list[int | None]) -> None:
    """Retention is set, changed and lifted, asking for what is there changes nothing, and series stay a day longer."""
    for retention in steps:
        await retain(engine, Retention(samples=retention))
        seconds = "" if retention is None else str(-(-retention // 1_000))
        longer = "" if retention is None else str(-(-(retention + DAY) // 1_000))
        assert await time_to_live(engine) == [seconds, seconds, longer]


async def test_expired_months_are_dropped_whole(engine: Embedded) -> None:
    """With retention on, a merge drops parts of which every row has expired and keeps the others."""
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(0, 1.0), (4_000_000_000_000, 2.0)])]))
    await retain(engine, Retention(samples=15 * DAY))
    await engine.command("ALTER TABLE chunks MATERIALIZE TTL SETTINGS mutations_sync = 2")
    await engine.command("OPTIMIZE TABLE chunks FINAL")
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).times.tolist() == [4_000_000_000_000]


async def test_a_large_answer_is_put_together_off_the_event_loop(
    engine: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorting millions of rows takes seconds, in which the program must go on: it happens on the connection's thread."""
    threads = []

    def noting(*columns: np.ndarray) -> int:
        threads.append(threading.current_thread().name)
        return decode(*columns)

    monkeypatch.setattr("sightline.adapters.outbound.clickhouse.decoding.decode", noting)
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW, 1.0)])]))
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 10)).values.tolist() == [1.0]
    assert len(threads) == 1
    assert threads[0].startswith("clickhouse-reader")


async def test_samples_that_cannot_be_decoded_are_an_error(engine: Embedded) -> None:
    """Bytes that have not the length they need are refused rather than read past their end."""
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW, 1.0), (NOW + 1, 2.5)])]))
    await engine.command("ALTER TABLE chunks UPDATE values = [2, 1] WHERE 1 SETTINGS mutations_sync = 2")
    with pytest.raises(Unavailable, match="cannot be decoded"):
        await store.select(DEFAULT_TENANT, (), ALL_TIME, 10)


async def test_reading_ends_when_rewrites_cannot_explain_the_samples(
    engine: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query far above its limit is refused before all of it was read."""
    monkeypatch.setattr("sightline.adapters.outbound.clickhouse.decoding._REWRITES", 3)
    store = ClickHouseSeries(engine)
    await store.write(Ledger().sealed([Write(DEFAULT_TENANT, UP, [(NOW + at, 1.0) for at in range(9)])]))
    with pytest.raises(TooManySamples, match="more than 4 samples"):
        await store.select(DEFAULT_TENANT, (), ALL_TIME, 4)
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).samples == 9
