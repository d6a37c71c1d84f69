"""The tables of a data folder: created, migrated in order, and their retention."""

from importlib.resources import files
from typing import Final

from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.statements import statement, text
from sightline.domain.errors import DataFolderTooNew
from sightline.domain.timerange import DAY, SECOND

_TABLES: Final = ("chunks", "histograms", "series")


def migrations() -> tuple[str, ...]:
    """The names of the migrations in their order; number n brings a folder from version n - 1 to n.

    Each is one statement that may run again after a crash.
    """
    found = sorted(
        file.name.removesuffix(".sql") for file in files(__package__).joinpath("sql", "migrations").iterdir()
    )
    return tuple(f"migrations/{name}" for name in found)


async def migrate(engine: Embedded, program: str) -> None:
    """Bring a folder to the present version. A version counts as reached only once its migration is done.

    program: the version of Sightline, noted beside what it applied.

    Raises:
        DataFolderTooNew: a newer program wrote the folder; nothing is changed.
    """
    known = migrations()
    await engine.command(statement("schema_version_create"))
    rows = (await engine.read(statement("schema_version_select"))).to_pylist()
    version, writer = (rows[0]["version"], rows[0]["program"]) if rows else (0, "")
    if version > len(known):
        message = (
            f"Sightline {writer} wrote this data folder in format {version}, and this program reads up to {len(known)}: "
            "start that version or a later one"
        )
        raise DataFolderTooNew(message, format=version, program=writer)
    for number, name in enumerate(known[version:], version + 1):
        await engine.command(statement(name))
        await engine.command(statement("schema_version_insert"), {"version": number, "program": text(program)})


async def retain(engine: Embedded, retention: int | None) -> None:
    """Set how long samples are kept, in ms; None keeps them for ever. Changes nothing when it is so already.

    Samples go in whole parts, so some stay up to a month longer. A series goes a day after its last sample may.
    """
    kept = {row["name"]: row["seconds"] for row in (await engine.read(statement("retention_select"))).to_pylist()}
    for table in _TABLES:
        slack = DAY if table == "series" else 0
        seconds = "" if retention is None else str((retention + slack + SECOND - 1) // SECOND)
        if kept[table] == seconds:
            continue
        if seconds:
            await engine.command(statement(f"retention_{table}_modify").replace("{seconds}", seconds))
        else:
            await engine.command(statement(f"retention_{table}_remove"))
