"""Columns that the engine reads from a file of memory, and answers as arrays."""

import subprocess
import sys

import numpy as np
import pytest

from sightline.adapters.outbound.clickhouse.answers import array
from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.native import (
    Block,
    bytes_lists,
    instants,
    int64,
    maps,
    uint8,
    uint16,
    uint32,
    uint64,
    words,
)
from sightline.domain.labels import Labels
from sightline.domain.metrics.span_table import Spans

INTO = """INSERT INTO kept SELECT * FROM file(/*rows*/, 'Native',
    'word LowCardinality(String), n UInt64, a UInt32, b UInt16, c UInt8, d Int64, e Array(UInt8), at DateTime64(3, ''UTC''),
    pairs Map(String, String)')"""
TABLE = """CREATE TABLE kept (word LowCardinality(String), n UInt64, a UInt32, b UInt16, c UInt8, d Int64, e Array(UInt8),
    at DateTime64(3, 'UTC'), pairs Map(String, String)) ENGINE = MergeTree ORDER BY n"""
BACK = "SELECT word, n, a, b, c, d, e, toUnixTimestamp64Milli(at) AS at, pairs FROM kept ORDER BY n"

LONG = "long " * 30_000


async def test_every_type_of_column_arrives_as_it_was(engine: Embedded) -> None:
    """Words in any order, the least and largest numbers, lists, times before 1970, empty maps, and texts of all lengths."""
    pairs: list[dict[str, str]] = [{}, {"": "", "ä": "\t'\\\n\0"}, {"x" * 127: "y" * 128, "z": LONG}]
    block = Block.of(
        words("word", np.array([2, 0, 2], np.uint32), ["ö", "unused", ""]),
        uint64("n", np.array([0, 1, 2**64 - 1], np.uint64)),
        uint32("a", np.array([0, 1, 2**32 - 1])),
        uint16("b", np.array([0, 1, 2**16 - 1])),
        uint8("c", np.array([0, 1, 2**8 - 1], np.uint8)),
        int64("d", np.array([-(2**63), 0, 2**63 - 1])),
        bytes_lists("e", np.array([0, 2, 2, 3]), np.array([0, 255, 7, 9], np.uint8)),
        instants("at", np.array([-1, 0, 4_102_444_800_123], np.int64)),
        maps("pairs", Spans.of([Labels(one.items()).canonical() for one in pairs])),
    )
    await engine.command(TABLE)
    await engine.insert(INTO, lambda: block)
    found = await engine.read(BACK)
    assert found["word"].to_pylist() == ["", "ö", ""]
    assert array(found["n"]).tolist() == [0, 1, 2**64 - 1]
    assert array(found["a"]).tolist() == [0, 1, 2**32 - 1]
    assert array(found["b"]).tolist() == [0, 1, 2**16 - 1]
    assert array(found["c"]).tolist() == [0, 1, 2**8 - 1]
    assert array(found["d"]).tolist() == [-(2**63), 0, 2**63 - 1]
    assert found["e"].to_pylist() == [[0, 255], [], [7]]
    assert array(found["at"]).tolist() == [-1, 0, 4_102_444_800_123]
    assert found["pairs"].to_pylist() == [list(one.items()) for one in pairs]


async def test_columns_may_be_parts_of_others(engine: Embedded) -> None:
    """A column need not lie in one piece of memory."""
    whole = np.arange(10, dtype=np.uint64)
    await engine.command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    await engine.insert(
        "INSERT INTO kept SELECT n FROM file(/*rows*/, 'Native', 'n UInt64')", lambda: Block.of(uint64("n", whole[::3]))
    )
    assert array((await engine.read("SELECT n FROM kept ORDER BY n"))["n"]).tolist() == [0, 3, 6, 9]


async def test_a_large_block_becomes_one_part(engine: Embedded) -> None:
    """Half a million rows are one block of the insert, and so one part: all are stored, or none."""
    await engine.command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    rows = np.arange(500_000, dtype=np.uint64)
    await engine.insert(
        "INSERT INTO kept SELECT n FROM file(/*rows*/, 'Native', 'n UInt64')", lambda: Block.of(uint64("n", rows))
    )
    parts = await engine.read("SELECT rows FROM system.parts WHERE table = 'kept'")
    assert array(parts["rows"]).tolist() == [500_000]


def test_columns_of_a_block_have_one_length() -> None:
    """Columns of different lengths are no block."""
    with pytest.raises(ValueError, match="unpack"):
        Block.of(uint64("a", np.zeros(1, np.uint64)), uint64("b", np.zeros(2, np.uint64)))


ROUND = """
import asyncio, sys, tempfile
import numpy as np
from pathlib import Path
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import Appended, SeriesSeen, seal
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import ALL_TIME

async def work(folder):
    store = await ClickHouseSeries.open(Path(folder), retention=None)
    up = Labels.of(__name__="up")
    ids, metrics = np.array([series_id(up)], np.uint64), np.array([metric_id("up")], np.uint64)
    seen = SeriesSeen.of((series_id(up), up, 1, 1))
    entry = Appended(DEFAULT_TENANT, 0, seen, ids, metrics, np.zeros(1, np.uint32), np.ones(1, np.int64), np.ones(1))
    await store.write(seal(0, [entry]))
    assert (await store.select(DEFAULT_TENANT, (), ALL_TIME, 9)).samples == 1
    await store.close()

with tempfile.TemporaryDirectory() as folder:
    asyncio.run(work(folder))
assert "pandas" not in sys.modules
"""


def test_writing_and_reading_do_without_pandas() -> None:
    """Whose import alone costs as much as writing a million samples."""
    done = subprocess.run([sys.executable, "-c", ROUND], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
