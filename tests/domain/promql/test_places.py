"""Where selectors stand in an expression, and when it surely yields nothing."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.domain.promql.repeated import EXPRESSIONS

from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels, satisfies
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.promql.durations import on_grid
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.format import pretty
from sightline.domain.promql.nodes import Node
from sightline.domain.promql.parse import parse
from sightline.domain.promql.places import Place, Placed, placed, yields_nothing
from sightline.domain.promql.plan import plan
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import DAY, HOUR, MINUTE, Grid, TimeRange

NEEDED, ALTERNATIVE, EXCLUSION, ABSENCE = Place
NOW = 1_790_000_000_000
AT, LOOKBACK = 40, 6
SERIES = [Labels.of(__name__=name, x=x, y=y) for name in "ab" for x in "12" for y in ("", "3")]
DATA = st.dictionaries(
    st.sampled_from(SERIES),
    st.dictionaries(st.integers(0, 60), st.floats(-10, 10), min_size=1, max_size=12),
    max_size=6,
)


def tree(text: str) -> Node:
    """An expression of an instant query."""
    return on_grid(parse(text), Grid.instant(NOW), is_range=False)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a", {"a": NEEDED}),
        ("sum by (x) (rate(a[5m])) / on (x) b > 1", {"a": NEEDED, "b": NEEDED}),
        ("max_over_time((a > 1)[1h:])", {"a": NEEDED}),
        ("a or b", {"a": ALTERNATIVE, "b": ALTERNATIVE}),
        ("a unless b", {"a": NEEDED, "b": EXCLUSION}),
        ("a unless (b or c)", {"a": NEEDED, "b": EXCLUSION, "c": EXCLUSION}),
        ("absent(a) and b", {"a": ABSENCE, "b": NEEDED}),
        ("absent_over_time(a[5m]) or b", {"a": ABSENCE, "b": ALTERNATIVE}),
        ("c or absent(a unless b)", {"a": ABSENCE, "b": ABSENCE, "c": ALTERNATIVE}),
        ("a + fill_right(0) b", {"a": NEEDED, "b": ALTERNATIVE}),
        ("topk(scalar(a), b)", {"a": NEEDED, "b": NEEDED}),
        ('info(a, {__name__="b"})', {"a": NEEDED}),
        ("time() > bool 1", {}),
    ],
)
def test_a_selector_has_the_place_that_its_operators_give_it(text: str, places: dict[str, Place]) -> None:
    """Sides of `or` and `unless` are told apart, and what `absent` asks for is excused wherever it stands."""
    assert {pretty(one.selector): one.place for one in placed(tree(text))} == places


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("a", TimeRange(-5 * MINUTE, 0)),
        ("rate(a[1h])", TimeRange(-HOUR, 0)),
        ("a offset 1d", TimeRange(-DAY - 5 * MINUTE, -DAY)),
        ("rate(a[1h] offset -1h)", TimeRange(0, HOUR)),
        ("max_over_time(rate(a[1h])[1d:] offset 1d)", TimeRange(-2 * DAY - HOUR, -DAY)),
        ("rate(a[60 * 60])", TimeRange(-HOUR, 0)),
        ("a @ end()", TimeRange(-5 * MINUTE, 0)),
        ("rate(a[1h] smoothed)", TimeRange(-HOUR - 5 * MINUTE, 5 * MINUTE)),
    ],
)
def test_a_selector_looks_at_the_time_of_its_windows(text: str, within: TimeRange) -> None:
    """Ranges, offsets and subqueries around it add up."""
    (one,) = placed(tree(text))
    assert (one.within, one.is_fixed) == (within, False)


def test_a_selector_at_an_instant_looks_there() -> None:
    """`@` holds in a subquery too."""
    (one,) = placed(tree("max_over_time(rate(a[1h] @ 1700000000)[1d:])"))
    assert (one.within, one.is_fixed) == (TimeRange(1_700_000_000_000 - HOUR, 1_700_000_000_000), True)


@pytest.mark.parametrize(
    ("text", "empty", "nothing"),
    [
        ("a > 1", "a", True),
        ("sum(rate(a[5m])) + b", "a", True),
        ("-(a)", "a", True),
        ("a or b", "a", False),
        ("a or b", "ab", True),
        ("a unless b", "b", False),
        ("a unless b", "a", True),
        ("a + fill_left(0) b", "a", False),
        ("a + fill_left(0) b", "b", True),
        ("a + fill(0) b", "ab", True),
        ("absent(a)", "a", False),
        ("vector(scalar(a))", "a", False),
        ("count_values('x', a)", "a", True),
        ("topk(scalar(a), b)", "a", False),
        ("info(a)", "a", True),
        ("max_over_time((a and b)[1h:])", "b", True),
        ("1 > bool 0", "a", False),
    ],
)
def test_an_expression_yields_nothing_without_what_it_needs(text: str, empty: str, nothing: bool) -> None:  # noqa: FBT001
    """It is told of an expression only where it is sure."""
    root = tree(text)
    gone = {one.selector for one in placed(root) if pretty(one.selector) in empty}
    assert yields_nothing(root, gone) is nothing


def window(one: Placed) -> TimeRange:
    """The times that a selector looks at when it is evaluated at `AT`."""
    at = 0 if one.is_fixed else AT
    return TimeRange(at + one.within.start, at + one.within.end)


def found(data: dict[Labels, dict[int, float]], one: Placed) -> bool:
    """Whether a selector matches any sample."""
    its = window(one)
    return any(
        satisfies(labels, one.selector.matchers) and any(its.start <= at <= its.end for at in own)
        for labels, own in data.items()
    )


@given(EXPRESSIONS)
def test_all_that_is_read_lies_in_the_windows(text: str) -> None:
    """What a plan reads for an instant lies in the windows of selectors with the same matchers."""
    grid = Grid.instant(AT)
    every = placed(on_grid(parse(text), grid, is_range=False), LOOKBACK)
    for fetch in plan(parse(text), grid, LOOKBACK).fetches:
        windows = [window(one) for one in every if one.selector.matchers == fetch.matchers]
        assert min(one.start for one in windows) <= fetch.within.start
        assert fetch.within.end <= max(one.end for one in windows)


@given(EXPRESSIONS, DATA)
def test_an_expression_that_surely_yields_nothing_yields_nothing(
    text: str, data: dict[Labels, dict[int, float]]
) -> None:
    """Evaluated without the samples of selectors that match none, it has no element."""
    grid = Grid.instant(AT)
    root = on_grid(parse(text), grid, is_range=False)
    every = placed(root, LOOKBACK)
    empty = {one.selector for one in every} - {one.selector for one in every if found(data, one)}
    assume(empty and yields_nothing(root, empty))
    planned = plan(parse(text), grid, LOOKBACK)
    fetched = [
        SeriesColumns.of(
            [
                (labels, times, [own[at] for at in times])
                for labels, own in sorted(data.items())
                if satisfies(labels, fetch.matchers)
                and (times := [at for at in sorted(own) if fetch.within.start <= at <= fetch.within.end])
            ]
        )
        for fetch in planned.fetches
    ]
    try:
        value = evaluate(planned, fetched).value
    except SightlineError:
        return  # it yields nothing either
    assert isinstance(value, Vector)
    assert not value.present.any()
