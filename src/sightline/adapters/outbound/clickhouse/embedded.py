"""ClickHouse in this process: chDB behind a small pool of connections, off the event loop.

One connection runs its statements one after another; several on one folder run beside each other. Each belongs to a thread of its
own. A process opens one folder at a time; once all its connections are closed it may open another.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import pyarrow as pa

from sightline.adapters.outbound.clickhouse.failures import translating
from sightline.adapters.outbound.clickhouse.native import Block, spooled
from sightline.adapters.outbound.clickhouse.statements import Params, with_rows, with_settings
from sightline.domain.errors import SettingsInvalid, Unavailable

_T = TypeVar("_T")

Part = tuple[Block, Callable[[pa.Table], Block]]
"""Rows to look for, and what makes the rows to insert of those that were found."""

Watch = Callable[[pa.RecordBatch], None]
"""Sees each batch of an answer as it comes, and ends the query by raising."""

_ENGINE: Final[Mapping[str, int]] = {
    # A closed engine leaves the idle threads of its merge and move pools behind: these sizes leave the fewest.
    "background_pool_size": 1,
    "background_common_pool_size": 1,
    "background_move_pool_size": 0,
    "background_fetches_pool_size": 0,
    "background_schedule_pool_size": 1,
    "mark_cache_size": 64 << 20,  # the default is 5 GB, as is that of the next two
    "primary_index_cache_size": 64 << 20,
    "index_mark_cache_size": 16 << 20,
    "query_condition_cache_size": 16 << 20,
}

_INSERT: Final[Mapping[str, int | str]] = {
    # One block an insert, and so one part a partition: all of an insert's rows of a month are stored, or none.
    "max_threads": 1,
    "max_insert_threads": 1,
    "max_block_size": 1_000_000,
    "preferred_block_size_bytes": 0,
    "max_insert_block_size": 1_000_000,
    "min_insert_block_size_rows": 1_000_000,
    "min_insert_block_size_bytes": 0,
    "max_partitions_per_insert_block": 0,  # an old remote write may bring years
    "optimize_on_insert": 0,  # a sealed range has one row a key already: looking for more takes a quarter of an insert
}

# Only queries are ended: an insert of one range takes about a second, and is not to be done twice.
_KILL: Final = "KILL QUERY WHERE query_kind = 'Select' ASYNC"
_PATIENCE: Final = 0.1  # seconds for a stopped query to reach the end of its chunk


def _unwatched(_batch: pa.RecordBatch) -> None:
    pass


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What the engine may use.

    readers: connections for queries. query_memory: bytes for one query. query_seconds: time for one query.
    query_threads: threads for one query.
    """

    readers: int = 3
    query_memory: int = 1 << 30
    query_seconds: float = 60
    query_threads: int = 2


class Embedded:
    """The open engine. Made by `open`; belongs to the event loop that opened it.

    folder: where it keeps its files.

    Errors of all statements: those of `failures.translated`, and Unavailable once closed.
    """

    def __init__(self, limits: EngineLimits) -> None:
        self._limits = limits
        self._closed = asyncio.Event()
        self._writer = _Lane("clickhouse-writer")
        self._appender = _Lane("clickhouse-appender")
        self._readers = tuple(_Lane(f"clickhouse-reader-{number}") for number in range(limits.readers))
        self._lanes = (self._writer, self._appender, *self._readers)
        self._free: asyncio.Queue[_Lane] = asyncio.Queue()
        self._stops: set[threading.Event] = set()
        self.folder = Path()

    @classmethod
    async def open(cls, folder: Path, limits: EngineLimits | None = None) -> "Embedded":
        """Open the engine on a folder, which is created where it is missing.

        Raises:
            SettingsInvalid: the engine cannot be given this path.
            Unavailable: the engine does not start, or another process or this one has a folder open.
        """
        address = _address(folder)
        engine = cls(limits or EngineLimits())
        engine.folder = folder
        try:
            for lane in engine._lanes:
                await asyncio.wrap_future(lane.open(folder, address))
        except BaseException:
            await engine._disconnect()
            raise
        for lane in engine._readers:
            engine._free.put_nowait(lane)
        return engine

    async def close(self) -> None:
        """End the queries, let the inserts under way finish, and close every connection. Once more does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        for stop in self._stops:
            stop.set()
        idle = await self._idle_readers()
        await self._disconnect()
        for lane in idle:  # whoever still waits for one now learns that the store is closed
            self._free.put_nowait(lane)

    async def command(self, sql: str, parameters: Params | None = None) -> None:
        """Run a statement that changes something and answers nothing, after the changes asked for before."""
        await self._write(lambda connection: connection.query(sql, "Null", params=dict(parameters or {})))

    async def commands(self, statements: Sequence[str]) -> None:
        """Run statements as `command` does, one after another and with no other change in between."""

        def work(connection: Any) -> None:
            for sql in statements:
                connection.query(sql, "Null")

        await self._write(work)

    async def insert(self, sql: str, rows: Callable[[], Block]) -> None:
        """Run an `INSERT ... SELECT ... FROM file(/*rows*/, 'Native', ...)` as one block.

        rows: builds the columns, at most 1,000,000 rows; called on the connection's thread.
        """
        statement = with_settings(sql, _INSERT)
        await self._write(lambda connection: _insert(connection, statement, rows()))

    async def append(self, sql: str, rows: Callable[[], Block]) -> None:
        """As `insert`, but only after the appends asked for before.

        A flush of 2,000,000 samples would keep it waiting for up to 3 s; beside one it takes 0.1 s.
        """
        statement = with_settings(sql, _INSERT)
        await self._write(lambda connection: _insert(connection, statement, rows()), self._appender)

    async def insert_absent(self, look: str | None, sql: str, parts: Callable[[], Iterable[Part]]) -> None:
        """For each part look with a `SELECT` that reads its probes from `file(/*rows*/, ...)`, and insert what is not there yet.

        No other write comes in between. parts: gives the probes of each, and what builds the rows of its insert from the answer; no
        rows insert nothing. It runs on the connection's thread. look: None where nothing can be there.
        """
        statement = with_settings(sql, _INSERT)

        def work(connection: Any) -> None:
            for probes, absent in parts():
                rows = absent(_look(connection, look, probes) if look else pa.table({}))
                if rows.rows:
                    _insert(connection, statement, rows)

        await self._write(work)

    async def read(self, sql: str, parameters: Params | None = None) -> pa.Table:
        """The columns of a SELECT; a table without columns when there are no rows.

        Waits for a free connection. When the awaiting task is cancelled the query ends with its present chunk, at the latest after
        `query_seconds`.
        """
        return await self.read_into(_unchanged, sql, parameters)

    async def read_into(
        self, make: Callable[[pa.Table], _T], sql: str, parameters: Params | None = None, watch: Watch = _unwatched
    ) -> _T:
        """What is made of the columns that `read` gives; made on the connection's thread, for a large answer takes seconds."""
        statement = with_settings(
            sql,
            {
                "max_threads": self._limits.query_threads,
                "max_memory_usage": self._limits.query_memory,
                "max_execution_time": self._limits.query_seconds,
                "output_format_arrow_compression_method": "none",
            },
        )
        lane = await self._free_reader()
        with self._stop() as stop:
            job = lane.submit(lambda connection: make(_fetch(connection, statement, parameters, stop, watch)))
            self._release_after(job, lane)
            return await asyncio.wrap_future(job)

    async def _free_reader(self) -> "_Lane":
        if not self._closed.is_set():
            lane = await self._free.get()
            if not self._closed.is_set():
                return lane
            self._free.put_nowait(lane)
        raise Unavailable("the store is closed")

    async def _idle_readers(self) -> list["_Lane"]:
        """All readers once they are free; queries that do not come to the end of a chunk by themselves are killed."""
        idle = asyncio.ensure_future(self._all_free())
        killer = self._writer.another("clickhouse-killer")
        while not (await asyncio.wait([idle], timeout=_PATIENCE))[0]:
            with suppress(Unavailable):
                await asyncio.wrap_future(killer.submit(lambda connection: connection.query(_KILL, "Null")))
        await asyncio.wrap_future(killer.disconnect())
        killer.end()
        return idle.result()

    async def _all_free(self) -> list["_Lane"]:
        return [await self._free.get() for _ in self._readers]

    async def _write(self, work: Callable[[Any], object], lane: "_Lane | None" = None) -> None:
        if self._closed.is_set():
            raise Unavailable("the store is closed")
        await asyncio.wrap_future((lane or self._writer).submit(work))

    def _release_after(self, job: Future[Any], lane: "_Lane") -> None:
        """Give a lane back when its thread is done, which may be after the waiting task was cancelled."""
        loop = asyncio.get_running_loop()
        job.add_done_callback(lambda _: loop.call_soon_threadsafe(self._free.put_nowait, lane))

    @contextmanager
    def _stop(self) -> Iterator[threading.Event]:
        """A flag that is set when the block is left, for whatever reason, and when the engine closes."""
        stop = threading.Event()
        self._stops.add(stop)
        try:
            yield stop
        finally:
            stop.set()
            self._stops.discard(stop)

    async def _disconnect(self) -> None:
        """Close all connections, each after what its thread has to do, and end the threads."""
        self._closed.set()
        for lane in self._lanes:
            await asyncio.wrap_future(lane.disconnect())
            lane.end()


class _Lane:
    """One connection and the thread that owns it.

    After a statement that fails while it runs, chDB answers the next one on that connection with what the failed one left, as if
    nothing were wrong. So a connection is used again only after a clean end; otherwise the next statement gets a new one.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._address = ""
        self._connection: Any = None

    def another(self, name: str) -> "_Lane":
        """A further connection to the same folder, made with its first statement."""
        lane = _Lane(name)
        lane._address = self._address
        return lane

    def open(self, folder: Path, address: str) -> Future[None]:
        """Connect to the folder, which is created where it is missing."""
        return self._thread.submit(self._open, folder, address)

    def submit(self, work: Callable[[Any], _T]) -> Future[_T]:
        """Do something with the connection after all that was submitted before; the engine's errors are translated."""
        return self._thread.submit(self._do, work)

    def disconnect(self) -> Future[None]:
        """Close the connection after what was submitted before."""
        return self._thread.submit(self._disconnect)

    def end(self) -> None:
        """End the thread, which has nothing left to do."""
        self._thread.shutdown()

    def _open(self, folder: Path, address: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the data folder {folder} cannot be created: {error.strerror}") from error
        self._address = address
        with translating():
            self._connect()

    def _connect(self) -> None:
        import chdb  # takes 0.5 s and maps 180 MB

        self._connection = chdb.connect(self._address)

    def _do(self, work: Callable[[Any], _T]) -> _T:
        with translating():
            if self._connection is None:
                self._connect()
            try:
                result = work(self._connection)
            except BaseException:
                self._disconnect()
                raise
            return result

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _address(folder: Path) -> str:
    if "?" in str(folder):
        raise SettingsInvalid(f"the data folder {str(folder)!r} has a '?' in its path: choose another")
    return f"{folder.absolute()}?{'&'.join(f'{name}={value}' for name, value in _ENGINE.items())}"


def _unchanged(table: pa.Table) -> pa.Table:
    return table


def _insert(connection: Any, statement: str, rows: Block) -> None:
    with spooled(rows) as path:
        connection.query(with_rows(statement, path), "Null")


def _look(connection: Any, statement: str, rows: Block) -> pa.Table:
    with spooled(rows) as path:
        found = connection.query(with_rows(statement, path), "Arrow").bytes()
    return pa.ipc.open_file(pa.py_buffer(found)).read_all()


def _fetch(connection: Any, statement: str, parameters: Params | None, stop: threading.Event, watch: Watch) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    stream = connection.send_query(statement, "ArrowStream", params=dict(parameters or {}))
    for chunk in stream:
        if stop.is_set():
            stream.cancel()
            raise Unavailable("the query was cancelled")
        for batch in pa.ipc.open_stream(pa.py_buffer(chunk.bytes())):
            watch(batch)
            batches.append(batch)
    return pa.Table.from_batches(batches) if batches else pa.table({})
