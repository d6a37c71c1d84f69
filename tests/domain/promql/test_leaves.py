import pytest

from sightline.domain.promql.format import text as written
from sightline.domain.promql.leaves import leaves
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.timerange import HOUR, Grid

GRID = Grid(0, 10 * HOUR, HOUR)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rate(a[5m])", ["rate(a[5m])"]),
        ("sum by (x) (rate((a[5m])))", ["rate((a[5m]))"]),
        ("a + b", ["a", "b"]),
        ("rate(a[5m]) / a", ["rate(a[5m])", "a"]),
        ("max_over_time(rate(a[5m])[1h:1m])", ["rate(a[5m])"]),
        ("rate(a[5m]) + rate(a[5m])", ["rate(a[5m])"]),
        ("timestamp(a)", []),
        ("timestamp(a) + rate(a[5m])", []),
        ("timestamp(-a)", ["a"]),
        ("absent_over_time(a[5m])", []),
        ("quantile_over_time(0.5, a[5m])", []),
        ("quantile_over_time(0.5, a[5m]) + b", ["b"]),
        ("count_over_time(a[1h]) + b", ["b"]),
        ("1 + time()", []),
    ],
)
def test_leaves_look_at_one_series_at_a_time(text: str, found: list[str]) -> None:
    """Selectors and functions of a range selector alone are leaves, as long as nothing else looks at the same samples."""
    its = leaves(plan(parse(text), GRID, digests=True))
    assert [written(node) for nodes in its.values() for node, _ in nodes] == found
