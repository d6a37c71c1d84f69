"""The catalog database: how it begins, is migrated, is refused, and fails."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, create_engine

from sightline.adapters.outbound.sql import migrate
from sightline.adapters.outbound.sql.catalog import SqlCatalog
from sightline.adapters.outbound.sql.checks import SqlChecks
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.revision import HEAD, REVISIONS, State, state
from sightline.adapters.outbound.sql.servers import SqlServers
from sightline.adapters.outbound.sql.tables import METADATA
from sightline.domain.errors import DataFolderTooNew, StorageFull, Unavailable
from sightline.domain.probes.check import Definition
from sightline.domain.probes.options import Tcp
from sightline.domain.servers.server import Registration
from sightline.domain.tenancy import DEFAULT_TENANT

pytestmark = pytest.mark.anyio

ID = "aaaaaaaa-1111-4111-8111-111111111111"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a catalog would be; an odd name, as users have them."""
    folder = tmp_path / "50% off?&#é"
    folder.mkdir()
    return folder / "catalog.sqlite"


def make(path: Path, revision: str) -> None:
    """A file as an earlier version left it, with a document in it."""
    engine = create_engine(URL.create("sqlite", database=str(path)))
    with engine.begin() as connection:
        migrate.upgrade(connection, revision)
        connection.exec_driver_sql("INSERT INTO documents VALUES ('default', 'rule', 'a', 3, x'31')")
    engine.dispose()


def differences(connection: Connection) -> list[object]:
    """What the tables in a file lack, or have too much."""
    return list(compare_metadata(MigrationContext.configure(connection), METADATA))


async def test_what_was_stored_is_there_after_a_restart(path: Path) -> None:
    """Documents and servers are the same when the file is opened again."""
    database = await SqlDatabase.open(path)
    await SqlCatalog(database).put(DEFAULT_TENANT, "rule", "a", b"1")
    server = (await SqlServers(database).register(DEFAULT_TENANT, ID, Registration("web"), 1)).server
    await database.close()
    again = await SqlDatabase.open(path)
    assert (await SqlCatalog(again).get(DEFAULT_TENANT, "rule", "a")).body == b"1"
    assert await SqlServers(again).list(DEFAULT_TENANT) == [server]
    await again.close()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_older_file_is_migrated_and_keeps_what_it_has(path: Path, revision: str) -> None:
    """From each revision the tables come to be as the program wants them."""
    make(path, revision)
    database = await SqlDatabase.open(path)
    assert state(path) is State.CURRENT
    assert (await SqlCatalog(database).get(DEFAULT_TENANT, "rule", "a")).version == 3
    assert await SqlServers(database).list(DEFAULT_TENANT) == []
    assert await database.run(differences) == []
    await database.close()


async def test_ids_are_never_given_again_in_a_migrated_file(path: Path) -> None:
    """As in a fresh one: SQLite counts on, be the newest deleted and the file opened again."""
    make(path, REVISIONS[0])
    definition = Definition(name="shop", options=Tcp())
    for expected in (1, 2):
        database = await SqlDatabase.open(path)
        checks = SqlChecks(database)
        (check,) = await checks.add(DEFAULT_TENANT, [definition], 1)
        assert check.id == expected
        assert await checks.delete(DEFAULT_TENANT, check.id)
        await database.close()


async def test_a_check_that_cannot_be_read_is_named(path: Path) -> None:
    """The message says which, and what is wrong with it."""
    database = await SqlDatabase.open(path)
    await SqlChecks(database).add(DEFAULT_TENANT, [Definition(name="shop", options=Tcp())], 1)
    await database.run(lambda connection: connection.exec_driver_sql("UPDATE targets SET body = '{}'"))
    with pytest.raises(Unavailable, match=r"'shop' \(id 1\).*missing required field"):
        await SqlChecks(database).everyone()
    await database.close()


async def test_a_fresh_file_is_as_if_every_migration_had_run(path: Path) -> None:
    """What is created at once has the tables and the revision that migrating has."""
    database = await SqlDatabase.open(path)
    assert await database.run(differences) == []
    await database.close()
    assert state(path) is State.CURRENT


def test_the_revisions_are_those_of_the_migrations() -> None:
    """The list that is checked without Alembic is the one that Alembic finds."""
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_heads() == [HEAD]
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS


async def test_a_newer_file_is_refused_and_stays_as_it_is(path: Path) -> None:
    """The message names the revision that is not known."""
    make(path, HEAD)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r0099_future'")
    before = path.read_bytes()
    with pytest.raises(DataFolderTooNew, match="r0099_future"):
        await SqlDatabase.open(path)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_catalog_is_refused(path: Path) -> None:
    """Neither text nor somebody else's database is taken for a catalog."""
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(Unavailable, match="cannot be read"):
        await SqlDatabase.open(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (a)")
    with pytest.raises(Unavailable, match="no catalog"):
        await SqlDatabase.open(path)


async def test_a_folder_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    """What the driver says comes as Unavailable, with the path."""
    database = await SqlDatabase.open(tmp_path / "missing" / "catalog.sqlite")
    with pytest.raises(Unavailable, match="missing"):
        await SqlCatalog(database).list(DEFAULT_TENANT, "rule")
    await database.close()


async def test_a_full_disk_is_told_as_such_and_changes_nothing(path: Path) -> None:
    """A transaction that finds no room is undone as a whole."""
    database = await SqlDatabase.open(path)
    catalog = SqlCatalog(database)
    await catalog.put(DEFAULT_TENANT, "rule", "a", b"1")
    await database.run(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1"))
    with pytest.raises(StorageFull):
        await catalog.put(DEFAULT_TENANT, "rule", "b", bytes(10**6))
    assert [document.key for document in await catalog.list(DEFAULT_TENANT, "rule")] == ["a"]
    await database.close()


async def test_after_the_close_nothing_is_taken(path: Path) -> None:
    """What was asked for before is done; what comes later is refused; a second close changes nothing."""
    database = await SqlDatabase.open(path)
    catalog = SqlCatalog(database)
    putting = asyncio.ensure_future(catalog.put(DEFAULT_TENANT, "rule", "a", b"1"))
    await asyncio.sleep(0)
    await database.close()
    assert (await putting).version == 1
    with pytest.raises(Unavailable, match="stopping"):
        await catalog.list(DEFAULT_TENANT, "rule")
    await database.close()


async def test_puts_at_once_each_count(path: Path) -> None:
    """Of many writers of one document each gives it a version of its own."""
    database = await SqlDatabase.open(path)
    catalog = SqlCatalog(database)
    put = await asyncio.gather(*(catalog.put(DEFAULT_TENANT, "rule", "a", b"1") for _ in range(20)))
    assert sorted(document.version for document in put) == list(range(1, 21))
    await database.close()


@pytest.mark.parametrize(("revision", "loaded"), [(HEAD, "False False"), (REVISIONS[0], "True True")])
def test_opening_a_current_file_loads_no_driver(path: Path, revision: str, loaded: str) -> None:
    """SQLAlchemy and Alembic, most of a second of imports, are loaded by what needs them: a migration, or the first use."""
    make(path, revision)
    script = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from sightline.adapters.outbound.sql.database import SqlDatabase\n"
        "from sightline.adapters.outbound.sql.catalog import SqlCatalog\n"
        "from sightline.adapters.outbound.sql.servers import SqlServers\n"
        "async def main():\n"
        "    database = await SqlDatabase.open(Path(sys.argv[1]))\n"
        "    print('sqlalchemy' in sys.modules, 'alembic' in sys.modules)\n"
        "    await database.close()\n"
        "asyncio.run(main())\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == loaded


async def test_a_catalog_is_its_owners_alone(path: Path) -> None:
    """The file, what SQLite keeps beside it, and copies, for secrets are in there; the mode of one that is there stays."""
    database = await SqlDatabase.open(path)
    await SqlCatalog(database).put(DEFAULT_TENANT, "rule", "a", b"1")
    copy = path.with_name("copy.sqlite")
    await database.copy_to(copy)
    assert {oct(one.stat().st_mode & 0o777) for one in path.parent.iterdir()} == {"0o600"}
    await database.close()
    path.chmod(0o640)
    database = await SqlDatabase.open(path)
    await SqlCatalog(database).put(DEFAULT_TENANT, "rule", "a", b"2")
    await database.close()
    assert path.stat().st_mode & 0o777 == 0o640
