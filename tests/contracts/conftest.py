"""The adapters that the contract suites run against. A new adapter is one line in a table."""

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from tests.contracts.ranges import Ledger

from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.tiered import TieredSeries
from sightline.domain.metrics.hot import HotTier
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.metrics.tail import Tail
from sightline.ports.archive import SeriesArchive
from sightline.ports.series import SeriesStore


@asynccontextmanager
async def _memory_series(_folder: Path) -> AsyncIterator[SeriesArchive]:
    yield MemorySeries()


@asynccontextmanager
async def _clickhouse_series(folder: Path) -> AsyncIterator[SeriesArchive]:
    store = await ClickHouseSeries.open(folder / "store", retention=None)
    yield store
    await store.close()


@asynccontextmanager
async def _recent_chunks(folder: Path) -> AsyncIterator[SeriesArchive]:
    """ClickHouse, asked only for what it has no room for in memory, which is little."""
    store = await ClickHouseSeries.open(folder / "store", retention=None, recent_bytes=2_000)
    yield store
    await store.close()


@asynccontextmanager
async def _tiered_series(_folder: Path) -> AsyncIterator[SeriesStore]:
    with ThreadPoolExecutor(1) as threads:
        store = TieredSeries(Tail(), MemorySeries(), threads)
        await store.refill(0)
        yield store


@asynccontextmanager
async def _small_tiers(folder: Path) -> AsyncIterator[SeriesStore]:
    """Tiers with so little room that they are always giving something up, over ClickHouse."""
    async with _clickhouse_series(folder) as store:
        with ThreadPoolExecutor(1) as threads:
            tiers = TieredSeries(Tail(), store, threads, HotTier(max_bytes=1_000), LabelIndex(max_bytes=50_000))
            await tiers.refill(0)
            yield tiers


SERIES_STORES: dict[str, Callable[[Path], AbstractAsyncContextManager[SeriesStore]]] = {
    "memory": _memory_series,
    "clickhouse": _clickhouse_series,
    "recent chunks": _recent_chunks,
    "tiered": _tiered_series,
    "small tiers": _small_tiers,
}

SERIES_ARCHIVES: dict[str, Callable[[Path], AbstractAsyncContextManager[SeriesArchive]]] = {
    "memory": _memory_series,
    "clickhouse": _clickhouse_series,
    "recent chunks": _recent_chunks,
}


@pytest.fixture(scope="module", params=SERIES_STORES)
async def series_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SeriesStore]:
    """One store for a module: each test writes under tenants of its own."""
    async with SERIES_STORES[request.param](tmp_path_factory.mktemp(request.param)) as store:
        yield store


@pytest.fixture(params=SERIES_ARCHIVES)
async def archive(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SeriesArchive]:
    """An archive of its own for each test: much of what it is asked concerns all tenants."""
    async with SERIES_ARCHIVES[request.param](tmp_path) as store:
        yield store


@pytest.fixture(scope="module")
def ledger(series_store: SeriesStore) -> Ledger:
    """The range ids, positions and tenants of the module's store."""
    return Ledger()
