"""Parcels that wait in a file, for the next process where this one ends before they are handed over."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self, TypeVar

from typing_extensions import override

from sightline.domain.errors import SettingsInvalid, StorageFull, Unavailable
from sightline.domain.probes.parcel import Lost, Packed, sum_of, within
from sightline.ports.outbox import Outbox

_Result = TypeVar("_Result")

# A parcel that was put survives a kill; one that a loss of power takes was found in the last seconds. One process at a time.
_OPENING: Final = """
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS parcels (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    body BLOB NOT NULL,
    count INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS lost (starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, count INTEGER NOT NULL);
"""
_OLDEST: Final = "SELECT place, id, body, count, starts_at, ends_at FROM parcels ORDER BY place LIMIT ?"
_PUT: Final = "INSERT INTO parcels (id, body, count, starts_at, ends_at) VALUES (?, ?, ?, ?, ?)"
_OWNER_ONLY: Final = 0o600


class FileOutbox(Outbox):
    """Keeps at most `most` bytes of parcels in an SQLite file, and the newest one however large it is."""

    def __init__(self, path: Path, most: int) -> None:
        self._path = path
        self._most = most
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="outbox")
        self._connection: sqlite3.Connection | None = None
        self._bytes = 0
        self._waiting = 0

    @classmethod
    async def open(cls, path: Path, most: int) -> Self:
        """Open the file, which is made where it is not there.

        Raises:
            SettingsInvalid: it cannot be written, another process has it, or it is something else.
        """
        outbox = cls(path, most)
        try:
            await asyncio.get_running_loop().run_in_executor(outbox._thread, outbox._open)
        except (sqlite3.Error, OSError) as error:
            await outbox.close()
            message = f"--buffer {path} cannot be used: {error}; is another probe using it, or is it something else?"
            raise SettingsInvalid(message) from None
        return outbox

    async def close(self) -> None:
        """Close the file; what is in it stays."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown(wait=False)

    @property
    @override
    def waiting(self) -> int:
        return self._waiting

    @override
    async def put(self, parcel: Packed) -> None:
        await self._run(lambda connection: self._put(connection, parcel))

    @override
    async def oldest(self, most: int, most_bytes: int) -> list[Packed]:
        def read(connection: sqlite3.Connection) -> list[Packed]:
            return within((Packed(*row[1:]) for row in connection.execute(_OLDEST, (most,))), most_bytes)

        return await self._run(read)

    @override
    async def remove(self, parcel: Packed, *, lost: bool = False) -> None:
        def remove(connection: sqlite3.Connection) -> None:
            if connection.execute("DELETE FROM parcels WHERE id = ?", (parcel.id,)).rowcount:
                self._bytes -= len(parcel.body)
                self._waiting -= parcel.count
                if lost:
                    _set_lost(connection, sum_of(_lost(connection), parcel))

        await self._run(remove)

    @override
    async def lost(self) -> Lost | None:
        return await self._run(_lost)

    @override
    async def told(self, lost: Lost) -> None:
        def tell(connection: sqlite3.Connection) -> None:
            present = _lost(connection)
            if present is not None:
                _set_lost(connection, present - lost)

        await self._run(tell)

    async def _run(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """The result of `work`, in a transaction of its own."""
        connection = self._connection
        if connection is None:
            raise Unavailable("the buffer is closed")

        def run() -> _Result:
            with connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StorageFull(f"there is no room for {self._path}") from None
            raise Unavailable(f"{self._path} cannot be written: {error}") from None
        except sqlite3.Error as error:
            raise Unavailable(f"{self._path} cannot be used: {error}") from None

    def _open(self) -> None:
        self._path.touch(_OWNER_ONLY)
        connection = sqlite3.connect(self._path, timeout=1.0, check_same_thread=False)
        try:
            connection.executescript(_OPENING)
            found = connection.execute("SELECT total(length(body)), total(count) FROM parcels").fetchone()
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._bytes, self._waiting = int(found[0]), int(found[1])

    def _put(self, connection: sqlite3.Connection, parcel: Packed) -> None:
        connection.execute(_PUT, (parcel.id, parcel.body, parcel.count, parcel.starts_at, parcel.ends_at))
        size, waiting = self._bytes + len(parcel.body), self._waiting + parcel.count
        lost = before = _lost(connection)
        while size > self._most:
            place, *oldest = connection.execute(_OLDEST, (1,)).fetchone()
            gone = Packed(*oldest)
            if gone.id == parcel.id:
                break
            connection.execute("DELETE FROM parcels WHERE place = ?", (place,))
            size, waiting = size - len(gone.body), waiting - gone.count
            lost = sum_of(lost, gone)
        if lost != before:
            _set_lost(connection, lost)
        self._bytes, self._waiting = size, waiting


def _lost(connection: sqlite3.Connection) -> Lost | None:
    row = connection.execute("SELECT starts_at, ends_at, count FROM lost").fetchone()
    return None if row is None else Lost(*row)


def _set_lost(connection: sqlite3.Connection, lost: Lost | None) -> None:
    connection.execute("DELETE FROM lost")
    if lost is not None:
        connection.execute("INSERT INTO lost VALUES (?, ?, ?)", (lost.starts_at, lost.ends_at, lost.count))
