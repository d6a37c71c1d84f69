"""One SQLite file and the thread that speaks to it: at 0.12 ms a point read, a thread is quicker than an asynchronous driver."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from sightline.adapters.outbound.sql.revision import HEAD, TABLE, State, state
from sightline.domain.errors import SightlineError, StorageFull, Unavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_Result = TypeVar("_Result")

# An answer that came survives a loss of power; writes are few.
_OWNER_ONLY: Final = 0o600
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
)


class SqlDatabase:
    """Runs transactions one after another. SQLAlchemy, half a second of imports, is loaded by the first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="catalog")
        self._engine: Engine | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Look at the file, and migrate it where it is older; a file that is not there is created by the first use.

        Raises:
            DataFolderTooNew: a newer version wrote it.
            Unavailable, StorageFull: it cannot be read or migrated.
        """
        database = cls(path)
        try:
            if await database._in_thread(lambda: state(path)) is State.OLDER:
                await database.run(lambda _: None)
        except BaseException:
            await database.close()
            raise
        return database

    async def run(self, work: Callable[["Connection"], _Result]) -> _Result:
        """The result of `work`, in a transaction of its own; an error undoes all of it.

        Raises:
            StorageFull: no room on the disk.
            Unavailable: closed, or the file cannot be read or written.
            Whatever error of the tree `work` raises.
        """
        return await self._in_thread(lambda: self._transact(work))

    async def copy_to(self, path: Path) -> None:
        """Make a copy of the file, as it is between two transactions; of a file that is not there yet, none.

        Raises:
            StorageFull, Unavailable: it cannot be made.
        """
        await self._in_thread(lambda: _copy(self._path, path))

    async def close(self) -> None:
        """Finish what was asked for, and let the file go."""
        if not self._closed:
            self._closed = True
            await asyncio.wrap_future(self._thread.submit(self._dispose))
            await asyncio.to_thread(self._thread.shutdown)

    async def _in_thread(self, work: Callable[[], _Result]) -> _Result:
        if self._closed:
            raise Unavailable("the catalog is closed: the program is stopping")
        return await asyncio.wrap_future(self._thread.submit(work))

    # In the thread

    def _transact(self, work: Callable[["Connection"], _Result]) -> _Result:
        from sqlalchemy.exc import DBAPIError

        try:
            if self._engine is None:
                self._engine = _opened(self._path)
            with self._engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            raise _failure(self._path, error.orig) from None

    def _dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def _copy(path: Path, target: Path) -> None:
    if not path.exists():
        return
    _begin(target)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise _failure(target, error) from None


def _opened(path: Path) -> "Engine":
    """An engine on a file whose schema is current."""
    from sqlalchemy import URL, create_engine, event

    found = state(path)
    if found is State.FRESH:
        _begin(path)
    engine = create_engine(URL.create("sqlite", database=str(path)), pool_size=1, max_overflow=0)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    if found is not State.CURRENT:
        with engine.begin() as connection:
            if found is State.FRESH:
                _create(connection)
            else:
                from sightline.adapters.outbound.sql.migrate import upgrade

                upgrade(connection)
    return engine


def _begin(path: Path) -> None:
    """Make an empty file that is its owner's alone, for it holds what checks sign in with; SQLite's beside it follow its mode."""
    with suppress(OSError):  # SQLite says what is wrong
        path.touch(_OWNER_ONLY)


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, and take changes of the schema with them
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _create(connection: "Connection") -> None:
    """Everything at once, noted as Alembic would: a first start need not wait for each migration, nor for Alembic."""
    from sqlalchemy import Column, MetaData, String, Table

    from sightline.adapters.outbound.sql.tables import METADATA

    METADATA.create_all(connection)
    version = Table(TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
    version.create(connection)
    connection.execute(version.insert().values(version_num=HEAD))


def _failure(path: Path, error: BaseException | None) -> SightlineError:
    if isinstance(error, sqlite3.Error) and error.sqlite_errorcode == sqlite3.SQLITE_FULL:
        return StorageFull(f"no room for the catalog {path}")
    return Unavailable(f"the catalog {path} cannot be read or written: {error}")
