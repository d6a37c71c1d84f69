"""A copy of the engine's folder that another program can be started on, mostly hard links.

The engine freezes its tables: it links the parts that there are now beneath `shadow/`. Parts never change once they are written, so
these links are the copy; around them the texts of the tables are copied as they lie. The engine's own BACKUP to a folder cannot be
used: it wants a path that only a file of settings can allow, and chDB reads none.
"""

import asyncio
import errno
import os
import shutil
from pathlib import Path
from typing import Final

from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.statements import frozen, statement
from sightline.domain.errors import StorageFull, Unavailable

_FROZEN: Final = "snapshot"  # a name of letters alone, for the engine writes others in another way
_SHADOW: Final = Path("shadow") / _FROZEN
_STORE: Final = "store"
_DESCRIBED: Final = ("metadata", "data")  # texts and symbolic links, which lead from there to `store`
_OF_TABLE: Final = "format_version.txt"
_TEXTS: Final = "*.sql"


async def copy(engine: Embedded, target: Path) -> None:
    """Make the copy, of one moment, in a folder that is not there yet. One at a time.

    Raises:
        StorageFull: no room on the disk. Unavailable: it cannot be written.
    """
    shadow = engine.folder / _SHADOW
    await asyncio.to_thread(shutil.rmtree, shadow, ignore_errors=True)  # what a crash may have left
    tables = (await engine.read(statement("tables_select"))).to_pylist()
    await engine.commands([frozen(table["name"], _FROZEN) for table in tables])
    await asyncio.to_thread(_assemble, engine.folder, shadow, target)


def _assemble(engine: Path, shadow: Path, target: Path) -> None:
    """Make the copy of what was frozen."""
    try:
        target.mkdir()
        for folder in _DESCRIBED:
            shutil.copytree(engine / folder, target / folder, symlinks=True)
        for held in sorted((engine / _STORE).glob("*/*")):
            own = target / held.relative_to(engine)
            own.mkdir(parents=True)
            for text in (*held.glob(_TEXTS), *held.glob(_OF_TABLE)):
                shutil.copy2(text, own / text.name)
        for file in sorted((shadow / _STORE).glob("*/*/*/**/*")):
            if file.is_file():
                _link(file, target / file.relative_to(shadow))
    except OSError as error:
        raise _failure(target, error) from None
    finally:
        shutil.rmtree(shadow, ignore_errors=True)


def _link(file: Path, target: Path) -> None:
    """The same file under another path; a copy, where the two are on different disks."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, target)
    except OSError:
        shutil.copy2(file, target)


def _failure(target: Path, error: OSError) -> StorageFull | Unavailable:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(f"no room for the snapshot {target}")
    return Unavailable(f"the snapshot {target} cannot be written: {error.strerror}")
