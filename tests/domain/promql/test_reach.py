import pytest

from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.reach import Reach, reach
from sightline.domain.timerange import Grid, TimeRange

LOOKBACK = 300_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up", Reach(299_999, 0)),
        ("rate(up[1m])", Reach(59_999, 0)),
        ("rate(up[1m] offset 1m)", Reach(119_999, -60_000)),
        ("up offset -1m", Reach(239_999, 60_000)),
        ("rate(up[1m]) / sum(up offset 1h)", Reach(3_600_000 + 299_999, 0)),
        ("max_over_time(rate(up[1m])[10m:30s])", Reach(599_999 + 59_999, 0)),
        ("max_over_time(up[10m:30s] offset 5m)", Reach(300_000 + 599_999 + 299_999, -300_000)),
        ("up @ 1000", Reach(0, 0, TimeRange(700_001, 1_000_000))),
        ("up[1m] @ 1000 offset 10s", Reach(0, 0, TimeRange(930_001, 990_000))),
        ("up - up @ 1000 - up @ 2000", Reach(299_999, 0, TimeRange(700_001, 2_000_000))),
        ("max_over_time(rate(up[1m])[10m:30s] @ 1000)", Reach(0, 0, TimeRange(1_000_000 - 659_998, 1_000_000))),
        ("max_over_time((up @ 1000)[10m:30s])", Reach(0, 0, TimeRange(700_001, 1_000_000))),
        ("vector(time())", Reach(0, 0)),
        ("up @ start()", None),
        ("up + max_over_time(up[10m:30s] @ end())", None),
    ],
)
def test_the_reach_of_an_expression(text: str, expected: Reach | None) -> None:
    """Windows, lookback, offsets and `@` add up through subqueries; the ends of the query reach nowhere for certain."""
    assert reach(parse(text), LOOKBACK) == expected


@pytest.mark.parametrize("at", [7_200_000, 7_212_345])
@pytest.mark.parametrize(
    "text",
    [
        "up offset 7m + rate(up[5m])",
        "max_over_time(rate(up[1m])[10m:7s] offset 3s)",
        "sum_over_time(max_over_time(up[1m:9s] offset -1m)[10m:1m])",
    ],
)
def test_it_holds_all_that_is_read(text: str, at: int) -> None:
    """What a plan reads for an instant lies within the reach of that instant."""
    root = parse(text)
    found = reach(root, LOOKBACK)
    assert found is not None
    for fetch in plan(root, Grid.instant(at), LOOKBACK).fetches:
        assert at - found.before <= fetch.within.start
        assert fetch.within.end <= at + found.ahead
