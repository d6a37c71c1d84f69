"""The tables of a data folder: created, migrated in order, and their retention."""

from dataclasses import dataclass
from importlib.resources import files

from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.statements import statement, text
from sightline.domain.errors import DataFolderTooNew
from sightline.domain.timerange import DAY, SECOND


@dataclass(frozen=True, slots=True)
class Retention:
    """How long samples, results of probes and spans are kept, in ms; None keeps them for ever."""

    samples: int | None = None
    results: int | None = None
    spans: int | None = None

    def by_table(self) -> dict[str, int | None]:
        """How long each table keeps its rows."""
        series = None if self.samples is None else self.samples + DAY
        samples = {"chunks": self.samples, "histograms": self.samples, "series": series}
        return {**samples, "probes": self.results, "otel_traces": self.spans, "otel_traces_trace_id_ts": self.spans}


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


async def retain(engine: Embedded, retention: Retention) -> None:
    """Set how long things are kept. Changes nothing when it is so already.

    They go in whole parts, so some stay longer: samples and results up to a month, spans up to a day. A series goes a day after its
    last sample may.
    """
    kept = {row["name"]: row["seconds"] for row in (await engine.read(statement("retention_select"))).to_pylist()}
    for table, milliseconds in retention.by_table().items():
        seconds = "" if milliseconds is None else str((milliseconds + SECOND - 1) // SECOND)
        if kept[table] == seconds:
            continue
        if seconds:
            await engine.command(statement(f"retention_{table}_modify").replace("{seconds}", seconds))
        else:
            await engine.command(statement(f"retention_{table}_remove"))
