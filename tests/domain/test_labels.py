"""Label sets, their identity, matchers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import BadData, InvalidLabel
from sightline.domain.labels import LabelLimits, Labels, Matcher, MatchOp, check, metric_id, satisfies, series_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
pairs = st.dictionaries(texts.filter(bool), texts, max_size=5)


@given(pairs)
def test_order_and_empty_values_make_no_difference(found: dict[str, str]) -> None:
    """A label set is the same whatever order its labels come in, and an empty value is no label."""
    backwards = dict(reversed(found.items()))
    assert Labels.of(found) == Labels.of(backwards) == Labels.of({"absent": "", **found})
    assert all(value for _, value in Labels.of(found))


@given(pairs, pairs)
def test_canonical_bytes_tell_label_sets_apart(one: dict[str, str], other: dict[str, str]) -> None:
    """Two label sets have the same canonical bytes exactly when they are equal, and the bytes give the set back."""
    first, second = Labels.of(one), Labels.of(other)
    assert (first.canonical() == second.canonical()) is (first == second)
    assert Labels.from_canonical(first.canonical()) == first


def test_ids_never_change() -> None:
    """Ids are stored, so the same label set must have the same id in every version."""
    labels = Labels.of(__name__="up", job="node", instance="web-1")
    assert series_id(labels) == 17182206649678946509
    assert metric_id("up") == 13672644982901188200


def test_keep_and_drop_divide_a_set() -> None:
    """Grouping keeps or drops labels by name."""
    labels = Labels.of(__name__="m", a="1", b="2")
    assert labels.keep(["a", "zzz"]) == Labels.of(a="1")
    assert labels.drop(["a", "__name__"]) == Labels.of(b="2")
    assert (labels.name, labels.get("b"), labels.get("c"), labels.get("c", "-")) == ("m", "2", "", "-")


def test_a_set_is_written_as_promql_writes_it() -> None:
    """Messages show a series the way a user would type it."""
    assert str(Labels.of(__name__="m", a='say "hi"\n')) == 'm{a="say \\"hi\\"\\n"}'
    assert str(Labels.of(__name__="m")) == "m"
    assert str(Labels()) == "{}"


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (Labels([("a", "b")]), "no metric name"),
        (Labels([("", "b"), ("__name__", "m")]), "name is empty"),
        (Labels([("__name__", "m"), ("a", "1"), ("a", "2")]), "twice"),
        (Labels([("__name__", "m"), ("a", "1\x00")]), "NUL"),
        (Labels([("__name__", "m"), ("a" * 21, "1")]), "label_name_bytes = 20"),
        (Labels([("__name__", "m"), ("a", "ü" * 16)]), "label_value_bytes = 30"),
        (
            Labels([("__name__", "m"), ("a", "1"), ("b", "1"), ("c", "1")]),
            "series m: 4 labels: intake.labels allows 3",
        ),
    ],
)
def test_what_cannot_be_a_series_is_refused_by_name(labels: Labels, said: str) -> None:
    """Each rule and limit has a message of its own that names it."""
    with pytest.raises(InvalidLabel, match=said):
        check(labels, LabelLimits(labels=3, name_bytes=20, value_bytes=30))


def test_utf8_names_are_names() -> None:
    """As in Prometheus 3, a name is any text."""
    check(Labels.of({"__name__": "http.server.duration", "größe": "x"}), LabelLimits())


@pytest.mark.parametrize(
    ("op", "value", "matching", "failing"),
    [
        (MatchOp.EQUAL, "a", ["a"], ["", "b", "aa"]),
        (MatchOp.NOT_EQUAL, "a", ["", "b"], ["a"]),
        (MatchOp.MATCHES, "a|b.*", ["a", "b", "bc\nd"], ["", "ab", "xa"]),
        (MatchOp.NOT_MATCHES, "a.+", ["a", ""], ["ab"]),
        (MatchOp.EQUAL, "", [""], ["a"]),
        (MatchOp.MATCHES, "", [""], ["a"]),
    ],
)
def test_matchers_compare_anchored_and_a_missing_label_is_empty(
    op: MatchOp, value: str, matching: list[str], failing: list[str]
) -> None:
    """The four operators do what Prometheus' do."""
    matcher = Matcher("x", op, value)
    for text in matching:
        assert satisfies(Labels.of(__name__="m", x=text), (matcher,))
    for text in failing:
        assert not satisfies(Labels.of(__name__="m", x=text), (matcher,))
    assert matcher.matches_empty is matcher.matches("")


@given(st.text("ab|.*+?()[]^$\\", max_size=6), st.text("ab", max_size=4))
def test_regexes_agree_with_pythons_where_both_know_them(pattern: str, text: str) -> None:
    """Where a pattern means the same in RE2 and in Python, so does the match."""
    try:
        matcher = Matcher("x", MatchOp.MATCHES, pattern)
    except BadData:
        return
    try:
        expected = re.fullmatch(pattern, text, re.DOTALL) is not None
    except (re.error, FutureWarning):
        return
    assert matcher.matches(text) is expected


def test_a_regex_that_backtracks_elsewhere_is_linear_here() -> None:
    """A pattern that would take a backtracking engine years is answered at once."""
    assert not Matcher("x", MatchOp.MATCHES, "(a+)+b").matches("a" * 5000)


@given(
    pairs=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
        max_size=4,
    )
)
def test_canonical_bytes_are_the_parts_with_a_byte_between(pairs: dict[str, str]) -> None:
    """Whatever characters names and values have, NUL too, 0xff alone separates them."""
    labels = Labels.of(pairs)
    assert labels.canonical() == b"\xff".join(part.encode() for pair in labels for part in pair)
    assert labels.name == dict(labels).get("__name__", "")
