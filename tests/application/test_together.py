from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.application.answers import exactly
from tests.contracts.ranges import Ledger, Write
from typing_extensions import override

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.series import MemorySeries
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application import query as use_case
from sightline.application.query import Query, QueryLimits
from sightline.domain.errors import MalformedQuery, TooMuchMemory
from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.nodes import Node
from sightline.domain.promql.parse import TextLimits, parse
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import MINUTE, TimeRange

pytestmark = pytest.mark.anyio

NOW = 1_700_000_000_000
SERIES = [Labels.of(__name__=name, x=x, y=y) for name in "ab" for x in "12" for y in "345"]

INNER = st.sampled_from(
    ["rate(a[5m])", "a", "sum by (x) (rate(a[5m]))", "max_over_time(b[3m])", "b > 20", "abs(b)", "avg by (x) (a * b)"]
)
AROUND = st.sampled_from(
    [
        "{0}",
        "({0}) > 7",
        "({0}) > 9",
        "sum(({0}))",
        "topk(2, {0})",
        "sort_desc({0})",
        "-({0})",
        "absent({0})",
        "max_over_time(({0})[4m:1m])",
        "scalar(max({0})) + ({0})",
        "sum by (x) ({0}) / count by (x) ({0})",
        "timestamp({0})",
        "({0}",
    ]
)
TEXTS = st.lists(st.builds(lambda around, more, inner: more.format(around.format(inner)), AROUND, AROUND, INNER))


class CountedSeries(MemorySeries):
    """Counts reads."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    @override
    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        self.reads += 1
        return await super().select(tenant, matchers, within, limit)


@pytest.fixture
async def store() -> CountedSeries:
    """Some series with ten samples each, a minute apart, up to now."""
    store = CountedSeries()
    await store.write(
        Ledger().sealed(
            [
                Write(LOCAL.tenant, one, [(NOW - MINUTE * k, float(7 * n * k % 31)) for k in range(10)])
                for n, one in enumerate(SERIES)
            ]
        )
    )
    return store


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    """Two threads."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def query(store: CountedSeries, executor: ThreadPoolExecutor) -> Query:
    """The use case."""
    return Query(series=store, clock=ManualClock(NOW), telemetry=MemoryTelemetry(), executor=executor)


@given(texts=TEXTS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_asked_together_they_have_the_same_answers(query: Query, texts: list[str]) -> None:
    """To the last bit, in the same order, and the same errors."""
    ask = await query.together(LOCAL, texts, NOW)
    for text in [*texts, "b"]:
        together, alone = await exactly(ask(text)), await exactly(query.instant(LOCAL, text, NOW))
        assert _without_notes(together) == _without_notes(alone)


def _without_notes(answer: object) -> object:
    return answer[:3] if isinstance(answer, tuple) else answer


async def test_what_they_have_in_common_is_read_once(query: Query, store: CountedSeries) -> None:
    """However many ask for it; the next time it is read anew."""
    texts = [f"sum by (x) (rate(a[5m])) > {bound}" for bound in range(10)]
    for times in (1, 2):
        ask = await query.together(LOCAL, texts, NOW)
        for text in texts:
            await ask(text)
        assert store.reads == times


async def test_a_text_that_cannot_be_parsed_disturbs_no_other(query: Query) -> None:
    """Who asks it is told, and nobody else."""
    ask = await query.together(LOCAL, ["count(a) > 1", "sum(a", "count(a) > 2"], NOW)
    with pytest.raises(MalformedQuery):
        await ask("sum(a")
    assert cast("Any", await ask("count(a) > 2")).value.labels == (Labels(),)


async def test_a_defect_in_one_text_disturbs_no_other(query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that nobody foresaw."""

    def broken(text: str, limits: TextLimits) -> Node:
        if "b" in text:
            raise RuntimeError(text)
        return parse(text, limits)

    monkeypatch.setattr(use_case, "parse", broken)
    ask = await query.together(LOCAL, ["sum(a) > -1", "sum(b) > 1"], NOW)
    assert cast("Any", await ask("sum(a) > -1")).value.labels == (Labels(),)
    with pytest.raises(RuntimeError):
        await ask("sum(b) > 1")


async def test_what_is_known_counts_against_the_limits(store: CountedSeries, executor: ThreadPoolExecutor) -> None:
    """A query over a large vector that another one worked out is as large as one that does so itself."""
    limits = QueryLimits(memory=16 * 54 + 9 * 6 + 1)
    query = Query(series=store, clock=ManualClock(NOW), telemetry=MemoryTelemetry(), executor=executor, limits=limits)
    texts = ["rate(a[9m]) > -1", "rate(a[9m]) + on(x, y) quantile_over_time(0.5, b[9m])"]
    ask = await query.together(LOCAL, texts, NOW)
    await ask(texts[0])
    with pytest.raises(TooMuchMemory):
        await ask(texts[1])


async def test_another_set_of_texts_is_looked_at_anew(query: Query, store: CountedSeries) -> None:
    """What was in common yesterday need not be today."""
    await query.together(LOCAL, ["sum(a) > 1", "sum(a) > 2"], NOW)
    ask = await query.together(LOCAL, ["sum(b) > 1", "sum(b) > 2", "sum(a) > 1"], NOW)
    for text in ("sum(b) > 1", "sum(b) > 2", "sum(a) > 1", "sum(a) > 1"):
        await ask(text)
    assert store.reads == 3
