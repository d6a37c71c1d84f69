"""Results of probes and spans in the folder that samples are in too."""

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.probe_history import ClickHouseProbeHistory
from sightline.adapters.outbound.clickhouse.schema import Retention, retain
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.clickhouse.spans import ClickHouseSpans
from sightline.domain.errors import StorageFull, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.probes.outcome import Phase, Reason
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import DEFAULT_TENANT as TENANT
from sightline.domain.timerange import ALL_TIME, DAY
from sightline.domain.traces.span import Span

pytestmark = pytest.mark.anyio

NOW = 1_790_000_000_000
FAILED = Result(
    check=7,
    location="local",
    at=NOW,
    seconds=0.25,
    verdict=Verdict.DOWN,
    reason=Reason.STATUS,
    message="503 is not accepted",
    status=503,
    phases=((Phase.CONNECT, 0.01), (Phase.PROCESSING, 0.2)),
    trace_id="0af7651916cd43dd8448eb211c80319c",
)
ROOT = Span(
    trace_id=FAILED.trace_id,
    span_id="b7ad6b7169203331",
    name="GET",
    service="sightline",
    starts_at=NOW * 1_000_000,
    nanoseconds=250_000_000,
)
UP = Labels.of(__name__="up")


async def write_all(database: ClickHouseDatabase) -> None:
    """A sample, a result and a span."""
    series = await ClickHouseSeries.on(database)
    await series.write(Ledger().sealed([Write(TENANT, UP, [(NOW, 1.0)])]))
    await ClickHouseProbeHistory(database).append([(TENANT, FAILED)])
    await ClickHouseSpans(database).append([(TENANT, ROOT)])


async def all_is_there(database: ClickHouseDatabase) -> bool:
    """Whether each of them is."""
    series = await ClickHouseSeries.on(database)
    results = await ClickHouseProbeHistory(database).latest(TENANT, FAILED.check, 9, ALL_TIME)
    spans = await ClickHouseSpans(database).trace(TENANT, ROOT.trace_id)
    samples = (await series.select(TENANT, (), ALL_TIME, 9)).samples
    return (samples, results, spans) == (1, [FAILED], [ROOT])


async def test_several_stores_stand_on_one_database(tmp_path: Path) -> None:
    """What each stored is there beside the others', also when the folder is opened again."""
    for turn in range(2):
        database = await ClickHouseDatabase.open(tmp_path, Retention(samples=None), program="1.2.3")
        if not turn:
            await write_all(database)
        assert await all_is_there(database)
        await database.close()


async def test_a_snapshot_has_all_of_it(engine: Embedded, tmp_path: Path) -> None:
    """A copy is opened as any folder, and goes on finding what is stored then, traces by their id included."""
    await write_all(ClickHouseDatabase(engine))
    await ClickHouseDatabase(engine).copy_to(tmp_path / "copy")
    await engine.close()
    copy = await ClickHouseDatabase.open(tmp_path / "copy", Retention())
    assert await all_is_there(copy)
    later = replace(ROOT, trace_id="f" * 32)
    await ClickHouseSpans(copy).append([(TENANT, later)])
    assert await ClickHouseSpans(copy).trace(TENANT, later.trace_id) == [later]
    await copy.close()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.adapters.clickhouse.test_uptime import *

async def work():
    database = await ClickHouseDatabase.open(Path(sys.argv[1]), Retention())
    await write_all(database)
    assert await all_is_there(database)
    assert "pandas" not in sys.modules
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(work())
"""


async def test_what_was_appended_survives_a_kill(tmp_path: Path) -> None:
    """At the moment when the call returns; neither writing nor reading has imported pandas, which takes 0.8 s."""
    asked = [sys.executable, "-c", KILLED, str(tmp_path)]
    killed = await asyncio.to_thread(subprocess.run, asked, capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    database = await ClickHouseDatabase.open(tmp_path, Retention())
    assert await all_is_there(database)
    await database.close()


async def test_each_kind_has_its_own_retention(engine: Embedded) -> None:
    """Asked for again, it changes nothing; lifted, it is gone."""

    async def kept() -> dict[str, str]:
        rows = await engine.read("SELECT name, extract(engine_full, 'TTL (.*) SETTINGS') AS ttl FROM system.tables")
        return {row["name"]: row["ttl"] for row in rows.to_pylist() if row["ttl"]}

    for _ in range(2):
        await retain(engine, Retention(results=365 * DAY, spans=14 * DAY))
        assert await kept() == {
            "probes": "ts + toIntervalSecond(31536000)",
            "otel_traces": "toDateTime(Timestamp) + toIntervalSecond(1209600)",
            "otel_traces_trace_id_ts": "Start + toIntervalSecond(1209600)",
        }
    await retain(engine, Retention())
    assert await kept() == {}


async def test_what_is_older_than_its_retention_goes(engine: Embedded) -> None:
    """In whole months of results and whole days of spans, when parts are merged."""
    database = ClickHouseDatabase(engine)
    history, spans = ClickHouseProbeHistory(database), ClickHouseSpans(database)
    await retain(engine, Retention(results=365 * DAY, spans=14 * DAY))
    old, new = 1_000 * DAY, 40_000 * DAY
    await history.append([(TENANT, replace(FAILED, at=at)) for at in (old, new)])
    traces = {f"{at:032x}": at * 1_000_000 for at in (old, new)}
    await spans.append([(TENANT, replace(ROOT, trace_id=number, starts_at=at)) for number, at in traces.items()])
    for table in ("probes", "otel_traces"):
        await engine.command(f"OPTIMIZE TABLE {table} FINAL")
    assert [result.at for result in await history.latest(TENANT, FAILED.check, 9, ALL_TIME)] == [new]
    assert [len(await spans.trace(TENANT, number)) for number in traces] == [0, 1]


async def test_results_are_read_as_the_tables_of_others_are(engine: Embedded) -> None:
    """By SQL, with the columns that people look for: latency in ms, and whether it was up."""
    await ClickHouseProbeHistory(ClickHouseDatabase(engine)).append([(TENANT, FAILED)])
    found = await engine.read(
        "SELECT target_id, toUnixTimestamp64Milli(ts) AS ts, latency_ms, status_code, ok FROM probes"
    )
    assert found.to_pylist() == [{"target_id": 7, "ts": NOW, "latency_ms": 250.0, "status_code": 503, "ok": False}]


async def test_text_that_is_no_text_loses_nothing_else(engine: Embedded) -> None:
    """What a stranger sent and nobody can write as UTF-8 is a question mark, and all other results are stored."""
    history = ClickHouseProbeHistory(ClickHouseDatabase(engine))
    strange = replace(FAILED, check=8, message="banner \udcff\0")
    await history.append([(TENANT, strange), (TENANT, FAILED)])
    assert [result.message for result in await history.latest(TENANT, 8, 9, ALL_TIME)] == ["banner ?\0"]
    assert await history.latest(TENANT, 7, 9, ALL_TIME) == [FAILED]


async def test_a_closed_database_stores_nothing(engine: Embedded) -> None:
    """Writing and reading end with what may be tried again later."""
    history, spans = ClickHouseProbeHistory(ClickHouseDatabase(engine)), ClickHouseSpans(ClickHouseDatabase(engine))
    await engine.close()
    for asked in (
        history.append([(TENANT, FAILED)]),
        history.latest(TENANT, 7, 9, ALL_TIME),
        spans.append([(TENANT, ROOT)]),
        spans.trace(TENANT, ROOT.trace_id),
    ):
        with pytest.raises(Unavailable):
            await asked


async def test_no_room_stores_nothing(engine: Embedded) -> None:
    """A disk that keeps more than there is refuses, and nothing of the call is there afterwards."""
    database = ClickHouseDatabase(engine)
    history, spans = ClickHouseProbeHistory(database), ClickHouseSpans(database)
    for table in ("probes", "otel_traces"):
        await engine.command(f"ALTER TABLE {table} MODIFY SETTING min_free_disk_bytes_to_perform_insert = {2**60}")
    with pytest.raises(StorageFull):
        await history.append([(TENANT, FAILED)])
    with pytest.raises(StorageFull):
        await spans.append([(TENANT, ROOT)])
    assert await history.latest(TENANT, FAILED.check, 9, ALL_TIME) == []
    assert await spans.trace(TENANT, ROOT.trace_id) == []
