"""What stands for `$1` in a replacement, in relabelling rules and in label_replace alike; and how what matches begins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.promql import relabelling
from sightline.domain.promql.values import Vector
from sightline.domain.regex import certain_prefix, compiled_regex
from sightline.domain.scrape.job import RelabelRule
from sightline.domain.scrape.relabel import Relabelling

# Each with what a real Prometheus 2.42 makes of it.
EXPANSIONS = [
    ("$1", "good"),
    ("${1}!", "good!"),
    ("$1a", ""),  # a name is as long as can be, and there is no group 1a
    ("$1é|${1é}|$é1|", "|||"),
    ("<${01}$01>", "<>"),  # a number has no leading zeros
    ("$0-$2-$9", "good--"),
    ("$$1-$-${x-$}", "$1-$-${x-$}"),
    ("$last$first", "oodg"),
    ("${first}_${none}", "g_"),
]


@pytest.mark.parametrize(("template", "expected"), EXPANSIONS)
def test_a_reference_stands_for_what_its_group_matched(template: str, expected: str) -> None:
    """A replacement means the same in a rule and in a query, and what it means to Prometheus."""
    regex = "(.*)" if "first" not in template else "(?P<first>.)(?P<last>.*)"
    labels = {"job": "good"}
    rule = RelabelRule(source_labels=("job",), regex=regex, target_label="a", replacement=template)
    vector = Vector((Labels.of(labels),), np.ones((1, 1)), np.ones((1, 1), np.bool_))

    relabelled = Relabelling((rule,)).apply(labels) or {}
    (replaced,) = relabelling.replace(vector, "a", template, "job", regex).labels

    assert relabelled.get("a", "") == expected
    assert replaced.get("a") == expected


def test_a_regex_that_does_not_compile_says_why() -> None:
    """The reason is told as Prometheus tells it, for whoever asked to put beside what was asked."""
    with pytest.raises(BadData, match=r"^error parsing regexp: missing closing \): `\(a`$"):
        compiled_regex("(a")
    with pytest.raises(BadData, match=r"^error parsing regexp: trailing backslash at end of expression: ``$"):
        compiled_regex("\\")


@pytest.mark.parametrize(
    ("regex", "prefix"),
    [
        ("host-12:.+", "host-12:"),
        ("db1|db2", "db"),
        ("db", "db"),
        ("(?i)abc", ""),
        ("a*b", ""),
        (".*x", ""),
        ("", ""),
        ("aé|aè", "a"),
        (r"x\.y(z)?", "x.y"),
    ],
)
def test_what_matches_begins_with_the_certain_prefix(regex: str, prefix: str) -> None:
    """The prefix is what all that matches has in common at its beginning, in whole characters."""
    assert certain_prefix(compiled_regex(regex)) == prefix


@given(st.text("ab|()?*é", max_size=8), st.text("abé", max_size=5))
def test_the_certain_prefix_excludes_nothing_that_matches(regex: str, text: str) -> None:
    """Whatever a regex matches as a whole begins with its certain prefix."""
    try:
        compiled = compiled_regex(regex)
    except BadData:
        return
    if compiled.fullmatch(text) is not None:
        assert text.startswith(certain_prefix(compiled))
