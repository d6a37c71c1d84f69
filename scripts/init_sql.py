"""Writes scripts/init.sql anew: the tables of a fresh catalog as SQL for PostgreSQL, and where results of probes are kept.

`python scripts/init_sql.py` after a change of the tables; a test says when it is due.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from sightline.adapters.outbound.clickhouse.statements import statement
from sightline.adapters.outbound.sql.tables import METADATA

TARGET = Path(__file__).with_name("init.sql")

PROBES = Table(
    "probes",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("target_id", BigInteger, nullable=False),
    Column("ts", BigInteger, nullable=False),
    Column("latency_ms", Float(53), nullable=False),
    Column("status_code", Integer),
    Column("ok", Boolean, nullable=False),
)
Index("ix_probes_target_id_ts", PROBES.c.target_id, PROBES.c.ts)

HEAD = """\
-- The tables of Sightline, as SQL that PostgreSQL takes, and SQLite too. Written by scripts/init_sql.py.
--
-- Nobody has to run this. The program makes and migrates its tables itself: those of the catalog in catalog.sqlite in the data
-- folder, and results of probes in ClickHouse. It is here for who reads them, and for who wants a database of the same shape.
-- Times are in ms since 1970 UTC. `body` is all there is of a row, passwords included; the other columns are what is looked for.
"""
RESULTS = """\
-- Results of probes are not in the catalog: they are too many. They are in ClickHouse, in the data folder's `clickhouse`:
--
{kept}
--
-- While the program runs, GET /status?target_id=N tells them. A snapshot of the data folder, or the folder itself once the program
-- has stopped, is open to SQL with the Python package chdb:
--
--   import chdb
--   chdb.connect("snapshots/NAME/clickhouse").query(
--       "SELECT id, target_id, toUnixTimestamp64Milli(ts) AS ts, latency_ms, status_code, ok FROM probes FINAL", "CSV"
--   )
--
-- What that answers fits the following table, which the program itself neither makes nor fills.
"""


def written() -> str:
    """The text of scripts/init.sql."""
    kept = "\n".join(f"--   {line}".rstrip() for line in statement("migrations/0011_probes").splitlines())
    catalog = [part for table in METADATA.sorted_tables for part in _created(table)]
    return "\n".join([HEAD, *catalog, RESULTS.format(kept=kept), *_created(PROBES)])


def _created(table: Table) -> list[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    texts = [
        str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)),
        *(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)) for index in indexes),
    ]
    return [_tidy(text) for text in texts]


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip().replace("\t", "    ") for line in text.strip().splitlines()) + ";\n"


if __name__ == "__main__":
    TARGET.write_text(written(), "utf-8")
