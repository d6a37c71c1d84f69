import pytest

from sightline.domain.promql.inputs import inputs
from sightline.domain.promql.parse import parse


@pytest.mark.parametrize(
    ("expr", "metric", "read"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("sum by (x) (rate(a[5m])) / on () group_left () b offset 1h", "b", True),
        ("max_over_time(sum(a)[1h:1m])", "a", True),
        ('{__name__="a"}', "a", True),
        ('{__name__="a"}', "b", False),
        ('{__name__=~"a:.*"}', "a:b", True),
        ('{__name__=~"a:.*"}', "b:a", False),
        ('{__name__!="a", x="1"}', "a", False),
        ('{__name__!="a", x="1"}', "b", True),
        ('{__name__=~"a.*", __name__!~".*z"}', "az", False),
        ('{job="x"}', "anything", True),
        ("vector(1) + time()", "a", False),
        ("topk(scalar(a), b)", "a", True),
        ("info(a)", "a", True),
        ("info(a)", "target_info", True),
        ('info(a, {x="1"})', "build_info", False),
        ('info(a, {__name__="build_info"})', "build_info", True),
        ('info(a, {__name__="build_info"})', "target_info", False),
    ],
)
def test_an_expression_reads_what_its_selectors_may_select(expr: str, metric: str, *, read: bool) -> None:
    """By name, by a pattern of names, or whatever it is called; labels other than the name exclude nothing."""
    assert inputs(parse(expr)).reads({metric}) is read


def test_one_of_many_is_enough() -> None:
    """Any of the metrics counts, and of none nothing is read."""
    its = inputs(parse('a + {__name__=~"b.*"}'))
    assert its.reads({"x", "bz"})
    assert its.reads({"x", "a"})
    assert not its.reads({"x", "y"})
    assert not its.reads(set())
