import pytest

from sightline.domain.errors import BadData, NotSupported, TooManySamples
from sightline.domain.metrics.digest import Statistic, Windows
from sightline.domain.promql.digested import Digested
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import Fetch, plan
from sightline.domain.timerange import DAY, HOUR, MAX_TIME, MIN_TIME, Grid, TimeRange

GRID = Grid(1_000_000, 1_600_000, 60_000)


def fetches(text: str, grid: Grid = GRID) -> list[tuple[str, int, int]]:
    """What a query needs: the matchers as text, and the range with both ends."""
    found: tuple[Fetch, ...] = plan(parse(text), grid, lookback=300_000).fetches
    return [(",".join(map(str, one.matchers)), one.within.start, one.within.end) for one in found]


A, B = '__name__="a"', '__name__="b"'


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("1 + time()", []),
        ("a", [(A, 700_001, 1_600_000)]),
        ("a offset 1m", [(A, 640_001, 1_540_000)]),
        ("rate(a[1m])", [(A, 940_001, 1_600_000)]),
        ("rate(a[1m] offset -1m)", [(A, 1_000_001, 1_660_000)]),
        ("a @ 5", [(A, -294_999, 5_000)]),
        ("a @ end() offset 1s", [(A, 1_299_001, 1_599_000)]),
        ("sum_over_time(a[10s] @ start())", [(A, 990_001, 1_000_000)]),
        ("a + rate(a[10m]) + a", [(A, 400_001, 1_600_000)]),
        ("a + b", [(A, 700_001, 1_600_000), (B, 700_001, 1_600_000)]),
        ("a - a offset 1d", [(A, -85_699_999, -84_800_000), (A, 700_001, 1_600_000)]),
        ("a @ 700 - a @ 1000", [(A, 400_001, 1_000_000)]),
    ],
)
def test_fetches(text: str, needed: list[tuple[str, int, int]]) -> None:
    """Each selector's samples are fetched, those of equal matchers at once where their times touch."""
    assert fetches(text) == needed


def test_every_selector_finds_its_fetch() -> None:
    """A selector's source covers what it can see."""
    made = plan(parse("a - a offset 1d + rate(a[1h] offset 1d) + b"), GRID)
    assert {made.fetches[number].within for number in made.source.values()} == {one.within for one in made.fetches}
    assert len(made.source) == 4


def test_times_stay_within_bounds() -> None:
    """A range or offset beyond all time is cut to it."""
    assert plan(parse("a[292y]"), Grid.instant(MIN_TIME)).fetches[0].within == TimeRange(MIN_TIME, MIN_TIME)
    assert plan(parse("a offset -292y"), Grid.instant(MAX_TIME)).fetches[0].within.end == MAX_TIME
    for instant in ("9e15", "-9e15"):
        within = plan(parse(f"a @ {instant}"), Grid.instant(0)).fetches[0].within
        assert MIN_TIME <= within.start <= within.end <= MAX_TIME


def test_what_is_not_supported_is_named() -> None:
    """The first construct that cannot be evaluated is in the message and in the detail."""
    with pytest.raises(NotSupported, match="not supported yet: the anchored modifier of an instant vector") as failure:
        plan(parse("sum(1 + (a anchored))"), GRID)
    assert failure.value.detail == {"construct": "anchored"}


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        # The first multiple of a minute after 1000 s - 10 min is 420 s, the last up to 1600 s is 1560 s.
        ("rate(a[10m:1m])", 120_001, 1_560_000),
        ("rate(a[10m:])", 120_001, 1_560_000),
        ("rate(a[10m:7s])", 106_001, 1_596_000),
        ("rate(a[10m:1m] offset 5m)", -179_999, 1_260_000),
        ("rate(a[10m:1m] @ 1000)", 120_001, 960_000),
        ("rate(a[10m:1m] @ end())", 720_001, 1_560_000),
        ("rate((a offset 1m)[10m:1m])", 60_001, 1_500_000),
        ("max_over_time(rate(a[3m])[10m:1m])", 240_001, 1_560_000),
        # Within: (420 s - 5 min, ...], every 90 s from 180 s on.
        ("max_over_time(rate(a[5m:90s])[10m:1m])", -119_999, 1_530_000),
        ("max_over_time((a @ start())[10m:1m])", 700_001, 1_000_000),
    ],
)
def test_a_subquery_widens_what_is_fetched(text: str, start: int, end: int) -> None:
    """A selector in a subquery is fetched for the subquery's own instants."""
    assert fetches(text) == [(A, start, end)]


def test_a_subquery_without_instants_fetches_nothing() -> None:
    """Where no multiple of the step falls into the window there is nothing to read."""
    assert plan(parse("rate(a[5s:1m])"), Grid.instant(59_000)).fetches == ()


def test_an_aligned_subquery_is_fetched_once_or_in_pieces() -> None:
    """It looks at series once for each class of instants that have some in common; what lies apart is fetched apart."""
    near = plan(parse("sum_over_time(a[1s::100ms])"), Grid(0, 100_000, 101))
    assert (len(near.fetches), len(near.source)) == (1, 100)
    far = plan(parse("sum_over_time(a[1s::1s])"), Grid(0, 999 * 4_000_001, 4_000_001), lookback=1)
    assert (len(far.fetches), len(far.source)) == (1000, 1000)
    for (_, grid), number in far.source.items():
        assert far.fetches[number].within == TimeRange(grid.start, grid.start)


def test_how_often_series_are_looked_at_is_bounded() -> None:
    """Aligned subqueries within one another are refused before their plan is larger than any answer."""
    nested = parse("sum_over_time(max_over_time(a[1m::1m])[1h::59999ms])")
    with pytest.raises(TooManySamples, match=r"more than 20,000 times; take steps of which one divides the other"):
        plan(nested, Grid(0, 500 * 7001, 7001))
    assert len(plan(nested, Grid(0, 500 * 59_999, 59_999)).source) == 561


def test_one_selector_on_two_grids_is_two_uses() -> None:
    """The same selector outside and inside a subquery has a source for each, and one fetch for both."""
    made = plan(parse("a - max_over_time(a[10m:1m])"), GRID)
    assert len(made.source) == 2
    assert len(made.fetches) == 1


@pytest.mark.parametrize("text", ["a[5m]", "(a[5m])", '"x"', "a[5m:1m]"])
def test_a_range_query_gives_numbers(text: str) -> None:
    """Strings and range vectors have no value at each step."""
    with pytest.raises(BadData, match="invalid expression type"):
        plan(parse(text), GRID, is_range=True)


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("max_over_time(a[1d])", Windows(9 * DAY, DAY, 5)),
        ("max by (x) ((max_over_time((a[1d] offset 1d))))", Windows(8 * DAY, DAY, 5)),
        ("max_over_time(a[36h])", Windows(8 * DAY + 12 * HOUR, 12 * HOUR, 11)),
        ("max_over_time(a[1h])", Windows(10 * DAY - HOUR, HOUR, 97)),
        ("max_over_time(a[1d] @ end())", Windows(13 * DAY, DAY, 1)),
        ("max_over_time(a[90m])", None),
        ("max_over_time(a[1d] offset 1m)", None),
        ("max_over_time(a[1d:1h])", None),
        ("sum_over_time(a[1d])", None),
    ],
)
def test_whole_hours_need_a_number_each(text: str, windows: Windows | None) -> None:
    """Extremes and numbers of samples need one statistic of each part of their windows, where all bounds are whole hours."""
    fetches = plan(parse(text), Grid(10 * DAY, 14 * DAY, DAY), digests=True).fetches
    suffices = None if windows is None else Digested(windows, Statistic.GREATEST)
    assert [one.digested for one in fetches] == [suffices]
    assert windows is None or fetches[0].within == windows.within


def test_digests_are_fetched_once_and_beside_samples() -> None:
    """Calls with the same needs share a fetch; other statistics, and the samples themselves, have their own."""
    text = "max_over_time(a[1d]) - min_over_time(a[1d]) + present_over_time(a[1d]) + rate(a[1d]) + avg_over_time(a[1d])"
    made = plan(parse(text), Grid.instant(DAY), digests=True)
    statistics = [one.digested.statistic if one.digested else None for one in made.fetches]
    assert statistics == [Statistic.GREATEST, Statistic.LEAST, None]
    assert len(made.source) == 4
    assert all(one.digested is None for one in plan(parse(text), Grid.instant(DAY)).fetches)
