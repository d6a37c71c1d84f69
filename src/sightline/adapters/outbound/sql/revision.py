"""Which revision of the schema a file has, found out without SQLAlchemy or Alembic, which take most of a second to load."""

import sqlite3
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Final

from sightline.domain.errors import DataFolderTooNew, Unavailable

REVISIONS: Final = ("r0001_documents", "r0002_servers", "r0003_notification_log", "r0004_uptime")
"""All revisions, oldest first; the names of the files in migrations/versions."""
HEAD: Final = REVISIONS[-1]
TABLE: Final = "alembic_version"
"""Where Alembic keeps the revision."""
_REVISION: Final = "SELECT version_num FROM alembic_version"


class State(StrEnum):
    """What is to be done before a file can be used."""

    FRESH = "fresh"
    """Create everything."""
    OLDER = "older"
    """Migrate it."""
    CURRENT = "current"
    """Nothing."""


def state(path: Path) -> State:
    """Look at a file, which is not changed and need not be there.

    Raises:
        DataFolderTooNew: a newer version wrote it.
        Unavailable: it cannot be read, or is something else.
    """
    if not path.exists() or path.stat().st_size == 0:
        return State.FRESH
    try:
        with closing(sqlite3.connect(path)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = [row[0] for row in connection.execute(_REVISION)] if TABLE in tables else []
    except sqlite3.Error as error:
        raise Unavailable(
            f"the catalog {path} cannot be read: {error}; restore it, or move it away to begin anew"
        ) from None
    if not tables:
        return State.FRESH
    if not found:
        raise Unavailable(f"{path} is no catalog of Sightline: move it away, or give another data folder with --data")
    if found[0] not in REVISIONS:
        message = (
            f"the catalog {path} has revision {found[0]}, written by a newer Sightline; this one reads up to {HEAD}: start that "
            "version or a newer one"
        )
        raise DataFolderTooNew(message, revision=found[0])
    return State.CURRENT if found[0] == HEAD else State.OLDER
