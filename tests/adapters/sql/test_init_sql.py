"""scripts/init.sql has the tables that the program makes."""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table

import init_sql
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.adapters.outbound.sql.tables import METADATA

pytestmark = pytest.mark.anyio

TEXT = init_sql.TARGET.read_text("utf-8")
NAMED = {
    "targets": {"id", "name", "url", "type", "enabled", "created_at"},
    "probes": {"id", "target_id", "ts", "latency_ms", "status_code", "ok"},
    "incidents": {"id", "target_id", "started_at", "ended_at", "kind", "details"},
}
"""What readers rely on."""
_OF_SQLITE = """
SELECT m.name, c.name, c."notnull", c.pk
FROM sqlite_master m, pragma_table_info(m.name) c
WHERE m.type = 'table' AND m.name NOT IN ('alembic_version', 'sqlite_sequence', 'probes')
ORDER BY m.name, c.cid
"""
_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name != 'probes' ORDER BY name"
_OF_POSTGRES = """
COPY (
    SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE table_schema = 'public'
) TO '{path}' CSV;
"""


def test_it_is_up_to_date() -> None:
    """`python scripts/init_sql.py` writes it anew after the tables have changed."""
    assert init_sql.written() == TEXT


async def test_it_makes_what_a_fresh_catalog_has(tmp_path: Path) -> None:
    """In SQLite: the same tables, columns, keys and indexes, and no harm where it runs twice."""
    database = await SqlDatabase.open(tmp_path / "catalog.sqlite")
    await database.run(lambda _: None)
    await database.close()
    with (
        closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as made,
        closing(sqlite3.connect(":memory:")) as scripted,
    ):
        for _ in range(2):
            scripted.executescript(TEXT)
        assert scripted.execute(_OF_SQLITE).fetchall() == made.execute(_OF_SQLITE).fetchall()
        named = [{name for (name,) in one.execute(_INDEXES) if name.startswith("ix")} for one in (scripted, made)]
        assert named[0] == named[1]
        for table, columns in NAMED.items():
            found = {name for (name,) in scripted.execute("SELECT name FROM pragma_table_info(?)", [table])}
            assert columns <= found


def test_postgresql_takes_it(postgres: Callable[[str], list[str]]) -> None:
    """All tables come to be, with the columns that they have here."""
    tables: list[Table] = [*METADATA.sorted_tables, init_sql.PROBES]
    expected = [
        f"{table.name},{column.name},{'YES' if column.nullable else 'NO'}"
        for table in tables
        for column in table.columns
    ]
    assert sorted(postgres(TEXT)) == sorted(expected)


@pytest.fixture
def postgres(require_binary: Callable[[str, str], str]) -> Iterator[Callable[[str], list[str]]]:
    """Runs a text in a PostgreSQL of its own, which nobody can connect to, and tells what columns there are then."""
    program = Path(require_binary("/usr/lib/postgresql/15/bin/postgres", "postgresql-15"))
    owner = "nobody" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory() as name:
        folder, cluster = Path(name), str(Path(name) / "cluster")
        folder.chmod(0o777)
        made = [
            str(program.with_name("initdb")),
            "-D",
            cluster,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]
        subprocess.run(made, user=owner, check=True, capture_output=True, timeout=60)

        def columns(text: str) -> list[str]:
            asked = text + "\n\n" + _OF_POSTGRES.format(path=folder / "columns")
            single = [str(program), "--single", "-j", "-D", cluster, "postgres"]
            subprocess.run(single, user=owner, check=True, input=asked.encode(), capture_output=True, timeout=60)
            return (folder / "columns").read_text().splitlines()

        yield columns
