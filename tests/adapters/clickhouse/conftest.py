from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sightline.adapters.outbound.clickhouse.embedded import Embedded, EngineLimits
from sightline.adapters.outbound.clickhouse.schema import migrate


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Embedded]:
    """An engine on an empty folder, with tables."""
    opened = await Embedded.open(tmp_path / "store", EngineLimits(readers=2, query_memory=8 << 20))
    await migrate(opened, "1.2.3")
    yield opened
    await opened.close()
