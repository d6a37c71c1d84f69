import asyncio
import threading
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from sightline.adapters.outbound.clickhouse.embedded import Embedded, EngineLimits
from sightline.adapters.outbound.clickhouse.failures import translated
from sightline.adapters.outbound.clickhouse.native import Block, uint64
from sightline.adapters.outbound.clickhouse.statements import numbers, text, with_settings
from sightline.domain.errors import QueryTimeout, SettingsInvalid, StorageFull, TooManySamples, Unavailable

KEEP = "INSERT INTO kept SELECT n FROM file(/*rows*/, 'Native', 'n UInt64')"


def one_number(number: int) -> Block:
    """A block of one row."""
    return Block.of(uint64("n", np.array([number], np.uint64)))


def our_threads() -> list[str]:
    """The names of the pool's threads."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("clickhouse"))


FOREVER = "SELECT number, sipHash64(number) AS hash FROM numbers(1000000000000)"


async def test_statements_answer_in_columns(engine: Embedded) -> None:
    """Rows come as Arrow columns; no rows come as a table without columns."""
    found = await engine.read("SELECT number AS n FROM numbers(200000)")
    assert found["n"].to_numpy().tolist() == list(range(200_000))
    assert (await engine.read("SELECT 1 WHERE 0")).num_rows == 0


@pytest.mark.parametrize(
    "value", ["", "plain", "a'b", "a\\b", "\\n", "\\", "\n\t\r\0", "{x:String}", "é日本", "\\N", '"']
)
async def test_text_parameters_arrive_as_they_are(engine: Embedded, value: str) -> None:
    """Quotes, backslashes, newlines and NUL in a value stay part of the value."""
    found = await engine.read("SELECT {value:String} AS value", {"value": text(value)})
    assert found["value"].to_pylist() == [value]


async def test_number_lists_arrive_whole(engine: Embedded) -> None:
    """An array parameter of ten thousand ids, up to the largest, arrives in order."""
    ids = [2**64 - 1, 0, *range(10_000)]
    found = await engine.read("SELECT arrayJoin({ids:Array(UInt64)}) AS id", {"ids": numbers(ids)})
    assert found["id"].to_pylist() == ids


async def test_settings_are_quoted() -> None:
    """A text in a SETTINGS clause cannot leave its quotes."""
    assert with_settings("SELECT 1", {"a": 1, "b": "x'\\"}) == "SELECT 1\nSETTINGS a = 1, b = 'x\\'\\\\'"


async def test_queries_run_beside_each_other(engine: Embedded) -> None:
    """A small query is answered while an endless one runs on another connection."""
    long = asyncio.create_task(engine.read("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"))
    await asyncio.sleep(0)
    assert (await engine.read("SELECT 1 AS one"))["one"].to_pylist() == [1]
    assert not long.done()
    long.cancel()


async def test_a_cancelled_query_gives_its_connection_back(engine: Embedded) -> None:
    """Endless queries that are cancelled, also while they wait for a connection, leave all connections usable."""
    tasks = [asyncio.create_task(engine.read(FOREVER)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)
    answers = await asyncio.gather(*(engine.read("SELECT 1 AS one") for _ in range(4)))
    assert [answer.num_rows for answer in answers] == [1, 1, 1, 1]


async def test_closing_ends_queries_and_refuses_more(tmp_path: Path) -> None:
    """Close cancels what runs, tells its caller Unavailable, and later calls get the same; closing again does nothing."""
    engine = await Embedded.open(tmp_path)
    running = asyncio.create_task(engine.read(FOREVER))
    await asyncio.sleep(0)
    await engine.close()
    await engine.close()
    for call in (
        running,
        engine.read("SELECT 1"),
        engine.command("SELECT 1"),
        engine.insert("", partial(one_number, 1)),
    ):
        with pytest.raises(Unavailable):
            await call


async def test_closing_does_not_wait_for_a_query_that_has_no_rows_yet(tmp_path: Path) -> None:
    """A query that computes for a minute before its first row is killed."""
    engine = await Embedded.open(tmp_path, EngineLimits(query_seconds=60))
    computing = [asyncio.create_task(engine.read("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"))]
    while not (await engine.read("SELECT 1 FROM system.processes WHERE query LIKE 'SELECT sum%'")).num_rows:
        pass
    await asyncio.wait_for(engine.close(), 20)
    with pytest.raises(Unavailable):
        await computing[0]


async def test_an_answer_is_made_into_something_else_off_the_event_loop(engine: Embedded) -> None:
    """What turns columns into an answer runs on the connection's thread."""
    name = await engine.read_into(lambda _: threading.current_thread().name, "SELECT 1 AS one")
    assert name.startswith("clickhouse-reader")


async def test_a_query_has_its_time(tmp_path: Path) -> None:
    """Past its time a query ends with QueryTimeout; the engine goes on."""
    engine = await Embedded.open(tmp_path, EngineLimits(readers=1, query_seconds=1))
    with pytest.raises(QueryTimeout, match=r"query\.timeout"):
        await engine.read("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
    assert (await engine.read("SELECT 1 AS one")).num_rows == 1
    await engine.close()


async def test_a_query_has_its_memory(engine: Embedded) -> None:
    """Past its memory a query ends with TooManySamples; the engine goes on."""
    with pytest.raises(TooManySamples, match=r"query\.memory"):
        await engine.read("SELECT groupArray(number) FROM numbers(1000000000)")
    assert (await engine.read("SELECT 1 AS one")).num_rows == 1


FAILING = [
    "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",  # out of time
    "SELECT groupArray(number) FROM numbers(1000000000)",  # out of memory
    "SELECT throwIf(number = 200000) AS one FROM numbers(1000000)",  # in the middle of its answer
    "SELECT number AS one, sipHash64(number) FROM numbers(1000000000000)",
    "SELECT * FROM nowhere",
]


@pytest.mark.parametrize("failing", FAILING)
async def test_a_failed_query_leaves_nothing_to_the_next(tmp_path: Path, failing: str) -> None:
    """On the only connection there is, the answer after a failure is the asked one: no row too few, none of the failed query's."""
    engine = await Embedded.open(tmp_path, EngineLimits(readers=1, query_memory=8 << 20, query_seconds=0.5))
    for turn in range(3):
        with pytest.raises((QueryTimeout, TooManySamples, Unavailable)):
            await engine.read(failing)
        found = await engine.read("SELECT {turn:UInt8} AS one", {"turn": turn})
        assert found.to_pylist() == [{"one": turn}]
    await engine.close()


async def test_a_cancelled_query_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    """Likewise after a query that its caller gave up."""
    engine = await Embedded.open(tmp_path, EngineLimits(readers=1))
    for turn in range(3):
        task = asyncio.create_task(engine.read(FOREVER))
        await asyncio.sleep(0)
        task.cancel()
        found = await engine.read("SELECT {turn:UInt8} AS one", {"turn": turn})
        assert found.to_pylist() == [{"one": turn}]
    await engine.close()


@pytest.mark.parametrize(
    "failing", ["SELECT throwIf(number = 200000) FROM numbers(1000000)", "INSERT INTO nowhere SELECT 1"]
)
async def test_a_failed_write_leaves_nothing_to_the_next(engine: Embedded, failing: str) -> None:
    """An insert that is reported as done after a failed one is stored."""
    await engine.command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    for turn in range(3):
        with pytest.raises(Unavailable):
            await engine.command(failing)
        await engine.insert(KEEP, partial(one_number, 1))
        assert (await engine.read("SELECT count() AS n FROM kept"))["n"].to_pylist() == [turn + 1]


async def test_an_append_waits_for_no_insert(engine: Embedded) -> None:
    """It is stored while an insert that was asked for before is still under way."""
    await engine.command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    go = threading.Event()

    def late() -> Block:
        go.wait(30)
        return one_number(1)

    insert = asyncio.ensure_future(engine.insert(KEEP, late))
    await engine.append(KEEP, partial(one_number, 2))
    assert (await engine.read("SELECT n FROM kept"))["n"].to_pylist() == [2]
    go.set()
    await insert
    assert (await engine.read("SELECT n FROM kept ORDER BY n"))["n"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)", Unavailable),
        ("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)", StorageFull),
        (
            "Code: 75. DB::ErrnoException: Cannot write to file: , errno: 28, strerror: No space left on device",
            StorageFull,
        ),
        ("Code: 159. DB::Exception: Timeout exceeded: elapsed 5000 ms. (TIMEOUT_EXCEEDED)", QueryTimeout),
        ("Code: 241. DB::Exception: Query memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)", TooManySamples),
        ("", Unavailable),
    ],
)
def test_engine_errors_become_ours(message: str, error: type[Exception]) -> None:
    """The number in the engine's message decides; an empty message is Unavailable too."""
    assert type(translated(message)) is error


async def test_the_engine_code_is_told(engine: Embedded) -> None:
    """An unexpected failure is Unavailable and carries the engine's code for those who repair it."""
    with pytest.raises(Unavailable, match="Code: 60") as caught:
        await engine.read("SELECT * FROM nowhere")
    assert caught.value.detail["engine_code"] == 60
    with pytest.raises(Unavailable, match="Code: 60"):
        await engine.command("INSERT INTO nowhere SELECT 1")


async def test_a_path_that_the_engine_would_misread_is_refused(tmp_path: Path) -> None:
    """A question mark would start chDB's own options."""
    with pytest.raises(SettingsInvalid, match="choose another"):
        await Embedded.open(tmp_path / "what?")


async def test_one_folder_at_a_time(engine: Embedded, tmp_path: Path) -> None:
    """A second folder in the same process is refused, and nothing of the attempt stays behind."""
    threads = our_threads()
    with pytest.raises(Unavailable, match="different path"):
        await Embedded.open(tmp_path / "other")
    assert our_threads() == threads
    assert (await engine.read("SELECT 1 AS one")).num_rows == 1


async def test_opened_and_closed_many_times_in_one_process(tmp_path: Path) -> None:
    """The same folder and others can be opened one after the other; no thread of ours stays, and rows are still there."""
    limits = EngineLimits(readers=1)
    for turn in range(6):
        engine = await Embedded.open(tmp_path / f"store{turn % 2}", limits)
        await engine.command("CREATE TABLE IF NOT EXISTS kept (turn UInt64) ENGINE = MergeTree ORDER BY turn")
        await engine.insert(KEEP, partial(one_number, turn))
        found = await engine.read("SELECT turn FROM kept ORDER BY turn")
        assert found["turn"].to_pylist() == list(range(turn % 2, turn + 1, 2))
        await engine.close()
        assert our_threads() == []
