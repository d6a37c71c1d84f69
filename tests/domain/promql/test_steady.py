import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.domain.promql.repeated import EXPRESSIONS

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.pieces import Piece, inside, joined
from sightline.domain.promql.plan import plan
from sightline.domain.promql.reach import reach
from sightline.domain.promql.steady import is_steady
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.timerange import Grid, TimeRange

Data = dict[Labels, dict[int, float]]
LOOKBACK = 6

SERIES = [Labels.of(__name__=name, x=x, y=y) for name in "ab" for x in "12" for y in ("", "3", "4")]
VALUES = st.one_of(st.floats(-10, 10), st.sampled_from([0.1, 1e17, 0.0, float("nan"), float("inf"), float(STALE)]))
DATA = st.dictionaries(
    st.sampled_from(SERIES), st.dictionaries(st.integers(0, 60), VALUES, min_size=1, max_size=12), max_size=9
)


def answer(text: str, data: Data, grid: Grid) -> Answer:
    """The answer to a range query."""
    planned = plan(parse(text), grid, LOOKBACK, is_range=True)
    fetched = []
    for fetch in planned.fetches:
        found = []
        for labels, own in sorted(data.items()):
            times = [time for time in sorted(own) if fetch.within.start <= time <= fetch.within.end]
            if times and satisfies(labels, fetch.matchers):
                found.append((labels, times, [own[time] for time in times]))
        fetched.append(SeriesColumns.of(found))
    return evaluate(planned, fetched)


def exactly(piece: Piece) -> list[tuple[Labels, list[bytes | None]]]:
    """The rows of a piece, values to the last bit."""
    rows = zip(piece.vector.labels, piece.vector.values, piece.vector.present, strict=True)
    return [
        (labels, [v.tobytes() if p else None for v, p in zip(values, there, strict=True)])
        for labels, values, there in rows
    ]


@given(EXPRESSIONS, DATA, st.integers(1, 6), st.integers(1, 40))
def test_parts_of_a_steady_query_make_the_whole(text: str, data: Data, step: int, at: int) -> None:
    """Evaluated in two parts, a steady query has the same value everywhere to the last bit, the same remarks, or fails as well."""
    grid = Grid(0, 40 // step * step, step)
    root = parse(text)
    assume(is_steady(root, step) and reach(root, LOOKBACK) is not None)
    before, after = inside(grid, TimeRange(0, at - 1)), inside(grid, TimeRange(at, 40))
    assume(before is not None and after is not None)
    assert before is not None
    assert after is not None
    try:
        whole = answer(text, data, grid)
    except SightlineError as error:
        with pytest.raises(type(error)):
            _ = [answer(text, data, part) for part in (before, after)]
        return
    parts = [answer(text, data, part) for part in (before, after)]
    assume(isinstance(whole.value, Vector))
    pieces = [Piece.of(one.grid, one.value) for one in parts if isinstance(one.value, Vector)]
    assert isinstance(whole.value, Vector)
    assert exactly(joined(pieces)) == exactly(Piece.of(grid, whole.value))
    assert set(whole.infos) == {info for one in parts for info in one.infos}


@pytest.mark.parametrize(
    "text",
    [
        "sum by (x) (rate(a[5m]))",
        "histogram_quantile(0.9, sum by (le) (rate(a[5m])))",
        "topk(5, rate(a[5m]))",
        "sum(rate(a[5m]) / rate(b[5m]))",
        "sum(a * on(x) group_left() b)",
        "sum(a) / sum(b) > 0.5",
        "count(sum by (x) (a))",
        "avg without (x) (-a)",
        "max_over_time(rate(a[5m])[1h:1m])",
        "sum(a) - sum(a @ 1700000000)",
        "quantile_over_time(0.9, a[5m])",
        "clamp_max(a, time())",
        "absent(a)",
        "count_values('v', sum by (x) (a))",
    ],
)
def test_what_dashboards_ask_is_steady(text: str) -> None:
    """Aggregations, ratios, quantiles and rankings over selectors are."""
    assert is_steady(parse(text), 60_000)


@pytest.mark.parametrize(
    "text",
    [
        "a @ start()",
        "sum(rate(a[5m] @ end()))",
        "max_over_time(a[1h:1m] @ end())",
        "sum(sum by (x) (a))",
        "topk(5, sum by (x) (a))",
        'sum(rate({x="1"}[5m]))',
        "sum(a or b)",
        "sum(a * on(x) b)",
        "topk(scalar(b), a)",
        "quantile_over_time(scalar(b), a[5m])",
        "max_over_time(a[30s:15s])",
        'sum(label_replace(a, "x", "1", "y", ".*"))',
    ],
)
def test_what_is_not_steady(text: str) -> None:
    """Where rows stand in order of appearance, parameters move, instants are left out, or the ends count, a query is not."""
    assert not is_steady(parse(text), 60_000)
