"""The adapters that the contract suites run against. A new adapter is one line in a table."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.contracts.ranges import Ledger

from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.ports.series import SeriesStore


@asynccontextmanager
async def _memory_series(_folder: Path) -> AsyncIterator[SeriesStore]:
    yield MemorySeries()


@asynccontextmanager
async def _clickhouse_series(folder: Path) -> AsyncIterator[SeriesStore]:
    store = await ClickHouseSeries.open(folder / "store", retention=None)
    yield store
    await store.close()


SERIES_STORES: dict[str, Callable[[Path], AbstractAsyncContextManager[SeriesStore]]] = {
    "memory": _memory_series,
    "clickhouse": _clickhouse_series,
}


@pytest.fixture(scope="module", params=SERIES_STORES)
async def series_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeriesStore]:
    """One store for a module: each test writes under tenants of its own."""
    async with SERIES_STORES[request.param](tmp_path_factory.mktemp(request.param)) as store:
        yield store


@pytest.fixture(scope="module")
def ledger(series_store: SeriesStore) -> Ledger:
    """The range ids, positions and tenants of the module's store."""
    return Ledger()
