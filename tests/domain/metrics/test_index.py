"""The label index finds what asking every series would find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.labels import Labels, Matcher, Matchers, MatchOp, satisfies
from sightline.domain.metrics.index import LabelIndex
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import HOUR

A, B = Tenant("a"), Tenant("b")
VALUES = st.sampled_from(["", "x", "y", "xy", "X", "a.b", "é", "\n"])
SETS = st.builds(
    lambda name, one, two: Labels.of({"__name__": name, "n": one, "m": two}),
    st.sampled_from(["up", "load"]),
    VALUES,
    VALUES,
)
MATCHERS = st.lists(
    st.builds(Matcher, st.sampled_from(["__name__", "n", "m", "none"]), st.sampled_from(MatchOp), VALUES)
    | st.builds(
        Matcher,
        st.sampled_from(["__name__", "n", "m", "none"]),
        st.sampled_from([MatchOp.MATCHES, MatchOp.NOT_MATCHES]),
        st.sampled_from([".*", ".+", "x|y", "x.*", "", "[^x]+", "(?i)x", "a.b"]),
    ),
    max_size=3,
).map(tuple)


def learn(index: LabelIndex, number: int, labels: Labels) -> None:
    """Let an index know one series."""
    index.learn(A, np.array([number], np.uint64), [labels])


@given(batches=st.lists(st.tuples(st.sets(SETS, max_size=4), st.lists(MATCHERS, max_size=2)), max_size=4))
def test_an_index_finds_what_every_series_would_answer(batches: list[tuple[set[Labels], list[Matchers]]]) -> None:
    """Whatever is learnt between questions, `find` gives the series that satisfy all matchers, in order, with their ids."""
    index, numbers = LabelIndex(), dict[Labels, int]()
    for fresh, questions in batches:
        for labels in fresh:
            number = numbers.setdefault(labels, 2**63 + 7 * len(numbers))
            learn(index, number, labels)
        for matchers in questions:
            found = index.find(A, matchers)
            assert list(found.labels) == sorted(labels for labels in numbers if satisfies(labels, matchers))
            assert found.ids.tolist() == [numbers[labels] for labels in found.labels]
            assert len(index.find(B, matchers)) == 0


@given(st.data())
def test_series_are_listed_when_the_store_saw_them(data: st.DataObject) -> None:
    """What is matched by any set says when the store saw it, so that series and labels of a time can be listed."""
    index, spans = LabelIndex(), dict[Labels, tuple[int, int]]()
    for number, labels in enumerate(data.draw(st.lists(SETS, unique=True, max_size=6))):
        learn(index, number, labels)
        for times in data.draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=2)):
            first, last = min(times) * HOUR, max(times) * HOUR
            index.see(A, np.array([number], np.uint64), [labels], np.array([first]), np.array([last]))
            known = spans.get(labels, (first, last))
            spans[labels] = min(known[0], first), max(known[1], last)
    sets = data.draw(st.lists(MATCHERS, max_size=2))
    at = data.draw(st.integers(-1, 10)) * HOUR
    wanted = {
        labels
        for labels, (first, last) in spans.items()
        if first <= at <= last + HOUR and (not sets or any(satisfies(labels, one) for one in sets))
    }
    matched = index.match(A, sets)
    seen = (matched.first <= at) & (matched.last >= at - HOUR)
    found = matched.labels(seen)
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert [labels for labels, is_seen in zip(matched.named, seen, strict=True) if is_seen] == found
    assert sorted(matched.names(seen)) == sorted({name for labels in wanted for name, _ in labels})
    assert sorted(matched.values("n", seen)) == sorted({labels.get("n") for labels in wanted} - {""})


def test_a_regex_is_asked_once_per_value() -> None:
    """Values that a regex was asked about are not asked about again, and what is evaluated elsewhere meanwhile counts once."""
    index = LabelIndex()
    matchers = (Matcher("n", MatchOp.MATCHES, "x.*"),)
    for number, value in enumerate(["x", "y", "xy"]):
        learn(index, number, Labels.of(__name__="up", n=value))
    first, second = index.regexes(A, [matchers])[0], index.regexes(A, [matchers])[0]
    assert list(first.values) == ["x", "y", "xy"]
    for one in (first, second):
        one.evaluate()
        one.remember()
    assert index.regexes(A, [matchers]) == []
    learn(index, 3, Labels.of(__name__="up", n="xz"))
    assert list(index.regexes(A, [matchers])[0].values) == ["xz"]
    assert [labels.get("n") for labels in index.find(A, matchers).labels] == ["x", "xy", "xz"]


def test_only_a_complete_index_covers_a_tenant() -> None:
    """Before all that was stored is known, no tenant is covered, and then every one, known or not."""
    index = LabelIndex()
    assert not index.covers(A)
    index.complete()
    assert index.covers(A)
    assert index.covers(B)


def test_the_largest_tenant_is_given_up_when_the_bound_is_reached() -> None:
    """Beyond its bytes the index lets go of the tenant with the most, for good, and keeps the others."""
    index = LabelIndex(max_bytes=20_000)
    index.complete()
    index.learn(B, np.zeros(1, np.uint64), [Labels.of(__name__="up")])
    for number in range(100):
        learn(index, number, Labels.of(__name__="up", n=str(number)))
    assert (index.covers(A), index.covers(B), index.given_up) == (False, True, 1)
    assert 0 < index.weight <= 1_000
    assert index.find(B, ()).labels == (Labels.of(__name__="up"),)


def test_a_known_id_keeps_its_labels() -> None:
    """Learning an id again changes nothing: of two label sets with one id the first is the series."""
    index = LabelIndex()
    learn(index, 1, Labels.of(__name__="up"))
    weight = index.weight
    learn(index, 1, Labels.of(__name__="down"))
    assert index.find(A, ()).labels == (Labels.of(__name__="up"),)
    assert index.weight == weight
    assert index.find(A, ()).ids.dtype == np.uint64
