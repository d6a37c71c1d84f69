"""The tables of a data folder, and the engine that has it open: several stores stand on one."""

from pathlib import Path

from sightline.adapters.outbound.clickhouse.embedded import Embedded, EngineLimits
from sightline.adapters.outbound.clickhouse.flat import rewrite
from sightline.adapters.outbound.clickhouse.schema import Retention, migrate, retain
from sightline.adapters.outbound.clickhouse.snapshot import copy


class ClickHouseDatabase:
    """A folder whose tables are of the present version. Made by `open`."""

    def __init__(self, engine: Embedded) -> None:
        self.engine = engine

    @classmethod
    async def open(
        cls, folder: Path, retention: Retention, limits: EngineLimits | None = None, program: str = ""
    ) -> "ClickHouseDatabase":
        """Open a folder, created or migrated where needed. program: the version that opens it.

        Raises:
            DataFolderTooNew: written by a newer version.
            Unavailable, StorageFull, SettingsInvalid: the engine does not start.
        """
        engine = await Embedded.open(folder, limits)
        try:
            await migrate(engine, program)
            await rewrite(engine)
            await retain(engine, retention)
        except BaseException:
            await engine.close()
            raise
        return cls(engine)

    async def close(self) -> None:
        """Close the engine; reads under way end with Unavailable, a write under way is finished first."""
        await self.engine.close()

    async def copy_to(self, folder: Path) -> None:
        """Make a copy of all that is stored, of one moment, in a folder that is not there yet; `open` takes it.

        Raises:
            StorageFull, Unavailable: it cannot be made; what there is of it is to be removed.
        """
        await copy(self.engine, folder)
