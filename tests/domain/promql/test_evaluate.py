from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import QueryTimeout, TooManySamples, TooMuchMemory, VectorMatchingFailed
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import STALE, SeriesColumns
from sightline.domain.promql import evaluate as evaluation
from sightline.domain.promql import windows
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Scalar, Vector
from sightline.domain.timerange import Grid

Data = dict[Labels, dict[int, float]]
Result = dict[Labels, dict[int, float]] | list[float] | str

LABELS = [Labels.of(__name__=name, x=x, y=y) for name in ("a", "b") for x in ("1", "2") for y in ("", "3")]
VALUES = st.one_of(st.integers(0, 5).map(float), st.sampled_from([np.nan, np.inf, -np.inf, -1.5, float(STALE)]))
DATA = st.dictionaries(
    st.sampled_from(LABELS), st.dictionaries(st.integers(0, 40), VALUES, min_size=1, max_size=12), max_size=6
)

VECTORS = st.sampled_from(["a", "b", 'a{x="1"}', 'b{y="3"}', "a offset 3ms", "a @ 20", '{x="2"}'])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions one level up."""
    modifier = st.sampled_from(["", "on(x)", "ignoring(y)", "on(x) group_left()", "on(x,y) group_right()", "on()"])
    return st.one_of(
        st.builds(
            "{}({}[{}ms])".format,
            st.sampled_from(["rate", "sum_over_time", "last_over_time", "irate"]),
            VECTORS_BARE,
            WIDTHS,
        ),
        st.builds(
            "{} by ({}) ({})".format,
            st.sampled_from(["sum", "min", "count", "avg"]),
            st.sampled_from(["", "x", "y"]),
            inner,
        ),
        st.builds("max without (x) ({})".format, inner),
        st.builds("({}) {} {} ({})".format, inner, st.sampled_from(["+", "/", "==", "< bool"]), modifier, inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or on(x)", "unless ignoring(y)"]), inner),
        st.builds("({}) {} 2".format, inner, st.sampled_from(["*", ">", "!= bool"])),
        st.builds("scalar({}) - ({})".format, inner, inner),
        st.builds("-({})".format, inner),
        st.builds("clamp_max(abs({}), time() * 100)".format, inner),
        st.builds(
            "{}(({})[{}ms:{}ms]{})".format,
            st.sampled_from(["max_over_time", "count_over_time", "last_over_time", "deriv", "absent_over_time"]),
            inner,
            WIDTHS,
            st.sampled_from([1, 3, 7]),
            st.sampled_from(["", " offset 4ms", " @ 0.02"]),
        ),
        st.builds(
            "{} by ({}) (time() * 1000 % 3, {})".format,
            st.sampled_from(["topk", "bottomk", "limitk"]),
            st.sampled_from(["", "x"]),
            inner,
        ),
        st.builds("quantile by (y) (time() * 25, {})".format, inner),
        st.builds('count_values without (x) ("v", {})'.format, inner),
        st.builds("limit_ratio(0.5 - time() * 50, {})".format, inner),
        st.builds("absent({})".format, inner),
        st.builds('label_replace({}, "x", "", "y", "")'.format, inner),
        st.builds('label_join({}, "y", "-", "x", "__name__")'.format, inner),
        st.builds('histogram_quantile(0.5, label_join({}, "le", "", "x"))'.format, inner),
        st.builds("({}) + {} (1) ({})".format, inner, st.sampled_from(["fill", "fill_left", "fill_right"]), inner),
    )


VECTORS_BARE = st.sampled_from(["a", "b", '{x="2"}'])
WIDTHS = st.sampled_from([2, 5, 30])
FUNCTIONS_OF_WINDOWS = {"rate", "increase", "irate", "last_over_time", "sum_over_time", "max_over_time", "changes"}
EXPRESSIONS = st.recursive(VECTORS, _grow, max_leaves=4)


def run(text: str, data: Data, grid: Grid, resources: Resources | None = None) -> Result:
    """A query's result, by instant."""
    planned = plan(parse(text), grid, lookback=6)
    fetched = [
        SeriesColumns.of(
            [
                (labels, times, [own[time] for time in times])
                for labels, own in sorted(data.items())
                if satisfies(labels, fetch.matchers)
                and (times := [time for time in sorted(own) if fetch.within.start <= time <= fetch.within.end])
            ]
        )
        for fetch in planned.fetches
    ]
    value = evaluate(planned, fetched, resources).value
    instants = grid.times().tolist()
    if isinstance(value, Vector):
        cells = zip(value.labels, value.values.tolist(), value.present.tolist(), strict=True)
        return {
            labels: {t: v for t, v, there in zip(instants, values, present, strict=True) if there}
            for labels, values, present in cells
        }
    assert isinstance(value, Scalar)
    numbers: list[float] = value.values.tolist()
    return numbers


def outcome(text: str, data: Data, grid: Grid) -> Result:
    """A query's result, or the kind of its failure."""
    try:
        return run(text, data, grid)
    except VectorMatchingFailed:
        return "does not match"


@given(text=EXPRESSIONS, data=DATA, step=st.integers(1, 9))
def test_a_range_query_is_its_instant_queries(text: str, data: Data, step: int) -> None:
    """At every step it gives what an instant query there gives, and fails when one of those fails."""
    grid = Grid(0, 40, step)
    single = [outcome(text, data, Grid.instant(at)) for at in grid.times().tolist()]
    whole = outcome(text, data, grid)
    if "does not match" in single:
        assert whole == "does not match"
    else:
        assert isinstance(whole, dict)
        merged: dict[Labels, dict[int, float]] = {}
        for one in single:
            assert isinstance(one, dict)
            for labels, values in one.items():
                merged.setdefault(labels, {}).update(values)
        np.testing.assert_equal(whole, dict(sorted(merged.items())))
        assert list(whole) == sorted(whole)


def scattered(rows: int, work: Callable[[int, int], None], *, fewest: int = 1) -> None:
    """A spread in single rows, backwards."""
    for row in reversed(range(rows)):
        work(row, row + 1)


@given(text=EXPRESSIONS, data=DATA)
def test_how_rows_are_spread_makes_no_difference(text: str, data: Data) -> None:
    """In one go or row by row in any order, the result is the same."""
    grid = Grid(0, 40, 7)
    whole = outcome(text, data, grid)
    if whole != "does not match":
        np.testing.assert_equal(run(text, data, grid, Resources(spread=scattered)), whole)


FOLDED = st.builds(
    "{} {} ({})".format,
    st.sampled_from(["sum", "min", "max", "count", "avg", "group"]),
    st.sampled_from(["", "by (x)", "by (__name__, y)", "without (x)"]),
    st.one_of(
        VECTORS, st.builds("{}({}[{}ms])".format, st.sampled_from(sorted(FUNCTIONS_OF_WINDOWS)), VECTORS_BARE, WIDTHS)
    ),
)


@given(text=FOLDED, data=DATA, step=st.integers(1, 9))
def test_large_aggregations_are_like_small_ones(text: str, data: Data, step: int) -> None:
    """Groups that are folded without all their elements being there at once give the same, or the same kind of failure."""
    grid = Grid(0, 40, step)
    small = outcome(text, data, grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_BLOCK_VALUES", 0)
        patch.setattr(windows, "_FEWEST_INSTANTS", 1)
        patch.setattr(evaluation, "_FEWER", 0)
        np.testing.assert_equal(outcome(text, data, grid), small)


def test_an_evaluation_can_be_stopped_between_any_two_nodes() -> None:
    """Whatever the check raises comes out, at each of the places where it is called."""
    data: Data = {LABELS[0]: {1: 1.0}, LABELS[4]: {1: 2.0}}
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    run("sum(a) + abs(b) * 2", data, Grid.instant(1), Resources(check=count))
    assert calls > 6
    for place in range(calls):
        left = place

        def stop() -> None:
            nonlocal left
            if left == 0:
                raise QueryTimeout("enough")
            left -= 1

        with pytest.raises(QueryTimeout, match="enough"):
            run("sum(a) + abs(b) * 2", data, Grid.instant(1), Resources(check=stop))


def test_a_subquery_may_not_have_too_many_instants() -> None:
    """A subquery is refused before its instants are evaluated, and so are the values that count_values tells apart."""
    with pytest.raises(TooManySamples, match=r"1 series at 1000000 instants .* query\.max_samples allows 999999"):
        run("sum_over_time(vector(1)[1000s:1ms])", {}, Grid.instant(0), Resources(max_values=999_999))
    data: Data = {Labels.of(__name__="a"): {k: float(k) for k in range(40)}}
    with pytest.raises(TooManySamples, match="40 series at 40 instants"):
        run('count_values("v", a)', data, Grid(0, 39, 1), Resources(max_values=1599))


def test_labels_that_grow_are_bounded() -> None:
    """Labels that double with each function, or that make many more series, are refused before they fill the memory."""
    data: Data = {Labels.of(__name__="a", n=str(n)): {0: 1.0} for n in range(100)}
    for name in ('label_replace({}, "n", "$0$0", "n", ".*")', 'label_join({}, "n", "", "n", "n")'):
        doubled = "a"
        for _ in range(12):
            doubled = name.format(doubled)
        with pytest.raises(TooMuchMemory, match=r"labels of 1 MiB: query\.memory allows 1 MiB"):
            run(doubled, data, Grid.instant(0), Resources(max_bytes=1 << 20))
        long = f"label_replace(a{{n='1'}}, 'n', '{'x' * (200 * 1024)}', '', '')"
        with pytest.raises(TooMuchMemory, match="none may have more than 1048576"):
            run(name.format(name.format(name.format(long))), data, Grid.instant(0))
    many = "a or " + " or ".join(f'label_replace(a, "m", "{n}", "", "")' for n in range(60))
    with pytest.raises(TooMuchMemory, match=r"query\.memory allows 1 MiB"):
        run(many, data, Grid.instant(0), Resources(max_bytes=1 << 20))
    with pytest.raises(TooManySamples, match="1100 series at 1 instants"):
        run(many, data, Grid.instant(0), Resources(max_values=1_099))
    assert run("a or a or a or a", data, Grid.instant(0), Resources(max_values=100)) == run("a", data, Grid.instant(0))


def test_remarks_are_bounded() -> None:
    """An answer carries ten remarks of a kind, each once, and the number of the rest."""
    planned = plan(parse(" or ".join(f"quantile({n}, vector(1))" for n in (*range(2, 20), 2))), Grid.instant(0))
    warnings = evaluate(planned, []).warnings
    assert len(warnings) == 11
    assert warnings[0] == "PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"
    assert warnings[-1] == "9 more warning annotations omitted"


def test_series_that_are_made_of_others_are_bounded_before_they_are_made() -> None:
    """A quantile for each instant, label sets that change, and the rows of aligned subqueries count as what they become."""
    grid, always = Grid(0, 290, 10), dict.fromkeys(range(0, 300, 10), 1.0)
    buckets: Data = {Labels.of(__name__="a", le=le): always for le in ("1", "+Inf")}
    infos: Data = {Labels.of(__name__="target_info", job="j", v=str(at)): {at: 1.0} for at in always}
    rows: Data = {Labels.of(__name__="a", x=str(at)): {at: 1.0} for at in always}
    bases: Data = {Labels.of(__name__="a", job="j", x=x): always for x in "12"}
    for text, data, made in (
        ('histogram_quantiles(a, "q", time() / 1000)', buckets, 30),
        ("info(a)", infos | bases, 60),
        ("sum_over_time(a[7ms::97ms])", rows, 30),
    ):
        with pytest.raises(TooManySamples, match=f"{made} series at 30 instants"):
            run(text, data, grid, Resources(max_values=made * 30 - 1))
        result = run(text, data, grid, Resources(max_values=made * 30))
        assert len(result) == made


def test_many_to_many_pairs_are_bounded_before_they_are_made() -> None:
    """Matching may not multiply its sides beyond the limit."""
    data: Data = {Labels.of(__name__="a", x=str(n)): {10 * n: 1.0} for n in range(30)}
    with pytest.raises(TooManySamples, match=r"900 series at 30 instants .* query\.max_samples allows 900"):
        run("a * on() group_left() a", data, Grid(0, 290, 10), Resources(max_values=900))


@pytest.mark.parametrize(
    "text", ["a", "rate(a[5ms])", "sum(a)", "a + b", "a and b", "a or b", "-a", "abs(a)", "a > 1", "max(a + 1)"]
)
def test_nothing_in_nothing_out(text: str) -> None:
    """Without series every vector expression is empty."""
    assert run(text, {}, Grid(0, 10, 1)) == {}
