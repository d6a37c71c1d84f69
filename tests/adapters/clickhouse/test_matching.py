import pytest

from sightline.adapters.outbound.clickhouse.matching import anchored, conditions
from sightline.domain.labels import Matcher, MatchOp, metric_id


def test_values_are_never_part_of_the_text() -> None:
    """A condition holds parameter names alone; what callers sent stands in the parameters, escaped."""
    sql, parameters = conditions(
        [(Matcher("__name__", MatchOp.EQUAL, "up"), Matcher("a'", MatchOp.NOT_MATCHES, "x'\\\\")), ()]
    )
    assert sql == (
        "((metric = {metric_0:UInt64} AND labels[{name_0:String}] = {value_0:String}"
        " AND NOT match(labels[{name_3:String}], {value_3:String})) OR 1)"
    )
    assert parameters == {
        "name_0": "__name__",
        "value_0": "up",
        "metric_0": metric_id("up"),
        "name_3": "a'",
        "value_3": r"\\A(?s:x'\\\\)\\z",
    }


def test_no_sets_hold_everywhere() -> None:
    """Without matcher sets the condition is true."""
    assert conditions(()) == ("1", {})


@pytest.mark.parametrize(
    ("regex", "whole"), [("a|b", r"\A(?s:a|b)\z"), (r"\Qa", r"\A(?s:\Qa\E)\z"), (r"\Qa\E", r"\A(?s:\Qa\E)\z")]
)
def test_regexes_are_anchored(regex: str, whole: str) -> None:
    """Alternatives are bracketed, and an open quotation is closed before our bracket."""
    assert anchored(regex) == whole
