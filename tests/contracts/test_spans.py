"""What every store of spans promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from sightline.adapters.outbound.clickhouse.database import ClickHouseDatabase
from sightline.adapters.outbound.clickhouse.schema import Retention
from sightline.adapters.outbound.clickhouse.spans import ClickHouseSpans
from sightline.adapters.outbound.memory.spans import MemorySpans
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.domain.traces.span import Span, SpanEvent, SpanKind, SpanStatus
from sightline.ports.spans import Spans

pytestmark = pytest.mark.anyio

OTHER_TENANT: Final = Tenant("other")
NOW: Final = 1_790_000_000_123_456_789
FULL: Final = Span(
    trace_id="",
    span_id="b7ad6b7169203331",
    parent_id="00f067aa0ba902b7",
    name="GET 'é'\t\\",
    kind=SpanKind.CLIENT,
    service="sightline",
    starts_at=NOW,
    nanoseconds=12_345_678_901,
    status=SpanStatus.ERROR,
    message="no answer",
    resource={"service.name": "sightline", "host.name": "é"},
    attributes={"http.request.method": "GET", "": "empty"},
    events=(SpanEvent(NOW + 1, "connect", {"peer": "192.0.2.1"}), SpanEvent(NOW + 2, "reset")),
    scope="sightline.probes",
)
LITTLE: Final = Span(trace_id="", span_id="00f067aa0ba902b7", name="root", service="", starts_at=NOW - 5, nanoseconds=0)
NUMBERS: Final = count(1)


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Spans]:
    yield MemorySpans()


@asynccontextmanager
async def _clickhouse(folder: Path) -> AsyncIterator[Spans]:
    database = await ClickHouseDatabase.open(folder / "clickhouse", Retention())
    yield ClickHouseSpans(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Spans]]] = {
    "memory": _memory,
    "clickhouse": _clickhouse,
}


@pytest.fixture(scope="module", params=ADAPTERS)
async def spans(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Spans]:
    """One for a module: each test writes traces of its own."""
    async with ADAPTERS[request.param](tmp_path_factory.mktemp("spans")) as opened:
        yield opened


@pytest.fixture
def trace_id() -> str:
    """One that nobody else has."""
    return f"{next(NUMBERS):032x}"


async def test_a_span_comes_back_as_it_was(spans: Spans, trace_id: str) -> None:
    """With all that it says, to the nanosecond; one that says little as well."""
    full, little = replace(FULL, trace_id=trace_id), replace(LITTLE, trace_id=trace_id)
    await spans.append([(DEFAULT_TENANT, full), (DEFAULT_TENANT, little)])
    assert await spans.trace(DEFAULT_TENANT, trace_id) == [little, full]


async def test_nothing_is_stored_by_nothing(spans: Spans, trace_id: str) -> None:
    """An empty call is not an error, and a trace that nobody knows has no spans."""
    await spans.append([])
    assert await spans.trace(DEFAULT_TENANT, trace_id) == []
    assert await spans.trace(DEFAULT_TENANT, "") == []


async def test_spans_are_in_order_of_start(spans: Spans, trace_id: str) -> None:
    """Whatever the calls that brought them, and however far they are apart."""
    starts = [NOW + number * 1_000_000_000 * 7_200 for number in (5, 1, 20, 0, 3)]
    made = [replace(LITTLE, trace_id=trace_id, span_id=f"{at:016x}", starts_at=at) for at in starts]
    await spans.append([(DEFAULT_TENANT, span) for span in made[:2]])
    await spans.append([(DEFAULT_TENANT, span) for span in made[2:]])
    found = await spans.trace(DEFAULT_TENANT, trace_id)
    assert [span.starts_at for span in found] == sorted(starts)


async def test_a_span_is_there_once(spans: Spans, trace_id: str) -> None:
    """However often it is stored."""
    span = replace(FULL, trace_id=trace_id)
    for _ in range(3):
        await spans.append([(DEFAULT_TENANT, span), (DEFAULT_TENANT, span)])
    assert await spans.trace(DEFAULT_TENANT, trace_id) == [span]


async def test_traces_and_tenants_have_their_own(spans: Spans, trace_id: str) -> None:
    """One call may bring spans of any; the same ids are other spans for another tenant."""
    own, others = replace(FULL, trace_id=trace_id), replace(LITTLE, trace_id=trace_id)
    elsewhere = replace(FULL, trace_id=f"f{trace_id[1:]}")
    await spans.append([(DEFAULT_TENANT, own), (OTHER_TENANT, others), (DEFAULT_TENANT, elsewhere)])
    assert await spans.trace(DEFAULT_TENANT, trace_id) == [own]
    assert await spans.trace(OTHER_TENANT, trace_id) == [others]
    assert await spans.trace(DEFAULT_TENANT, elsewhere.trace_id) == [elsewhere]


async def test_memory_is_bounded() -> None:
    """The traces that came first go when there are too many."""
    spans = MemorySpans(most=2)
    for number in "abc":
        await spans.append([(DEFAULT_TENANT, replace(LITTLE, trace_id=number * 32))])
    assert [len(await spans.trace(DEFAULT_TENANT, number * 32)) for number in "abc"] == [0, 1, 1]
