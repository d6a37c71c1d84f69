"""How many samples an expression looks at, instant by instant."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Native
from tests.oracles.native_histogram import columns as columns_of

from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import Plan, plan
from sightline.domain.promql.touched import touched
from sightline.domain.timerange import MINUTE, SECOND, Grid

Series = list[list[tuple[int, bool]]]
"""Of each series times, s, with whether the sample is a stale marker."""
SERIES = st.lists(
    st.lists(st.tuples(st.integers(0, 900), st.booleans()), min_size=1, unique_by=lambda one: one[0]).map(sorted),
    max_size=4,
)


def columns(series: Series) -> SeriesColumns:
    """As a read returns them."""
    rows = []
    for number, its in enumerate(series):
        times = [time * SECOND for time, _ in its]
        rows.append((Labels.of(__name__="a", i=str(number)), times, [float(STALE) if old else 1.0 for _, old in its]))
    found = SeriesColumns.of(rows)
    stale = np.array([old for its in series for _, old in its], np.bool_)
    found.values[stale] = STALE  # bit for bit
    return found


def counted(text: str, grid: Grid, series: Series) -> list[int] | None:
    """What is told of an expression whose selectors all see these series."""
    planned: Plan = plan(parse(text), grid, 5 * MINUTE, is_range=True)
    found = touched(planned, [columns(series)] * len(planned.fetches), lambda: None)
    return None if found is None else found.tolist()


def seen(series: Series, at: int, width: int) -> int:
    """Live samples of all series in (at - width, at], s, one by one."""
    return sum(at - width < time <= at and not old for its in series for time, old in its)


def present(series: Series, at: int) -> int:
    """Series whose newest sample of the last five minutes is alive, one by one."""
    newest = [[old for time, old in its if at - 300 < time <= at] for its in series]
    return sum(bool(its) and not its[-1] for its in newest)


@given(SERIES, st.integers(0, 900), st.integers(1, 200), st.integers(1, 6))
def test_each_selector_counts_what_it_sees(series: Series, start: int, step: int, points: int) -> None:
    """Windows count their samples, instant selectors one a series, at every instant and as often as they stand there."""
    ats = [start + number * step for number in range(points)]
    grid = Grid(start * SECOND, ats[-1] * SECOND, step * SECOND)
    assert counted("a", grid, series) == [present(series, at) for at in ats]
    assert counted("a + a", grid, series) == [2 * present(series, at) for at in ats]
    assert counted("sum(rate(a[2m]))", grid, series) == [seen(series, at, 120) for at in ats]
    assert counted("rate(a[2m] offset 1m)", grid, series) == [seen(series, at - 60, 120) for at in ats]
    assert counted("count_over_time(a[2m] @ 300)", grid, series) == [seen(series, 300, 120)] * points


def test_a_native_histogram_counts_as_many_as_it_is_large() -> None:
    """One of 58 bytes and 12 for each of 20 buckets counts as 19 samples of 16 bytes."""
    one = Native(count=20.0, positive=dict.fromkeys(range(20), 1.0))
    plain = SeriesColumns.of([(Labels.of(__name__="a"), [0, 1000, 2000], [1.0, float(MARK), 2.0])])
    found = replace(plain, histograms=columns_of([one]))
    planned = plan(parse("sum_over_time(a[5s])"), Grid(0, 3000, 1000), 5 * MINUTE, is_range=True)
    counts = touched(planned, [found], lambda: None)
    assert counts is not None
    assert counts.tolist() == [1, 20, 21, 21]
    at = plan(parse("a"), Grid(0, 2000, 1000), 5 * MINUTE, is_range=True)
    newest = touched(at, [found], lambda: None)
    assert newest is not None
    assert newest.tolist() == [1, 19, 1]


def test_an_expression_without_selectors_looks_at_nothing() -> None:
    """Numbers need no samples."""
    assert counted("1 + 1", Grid(0, 2_000, 1_000), []) == [0, 0, 0]


@pytest.mark.parametrize("text", ["max_over_time(a[5m:1m])", "a + sum_over_time(rate(a[1m])[5m:1m])"])
def test_subqueries_cannot_be_told(text: str) -> None:
    """What is evaluated at other instants than the query's is not counted, and nothing is made up."""
    assert counted(text, Grid(0, 0, 1), [[(0, False)]]) is None
