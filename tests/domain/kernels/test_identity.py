import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.errors import InvalidLabel
from sightline.domain.kernels import identity
from sightline.domain.labels import LabelLimits, Labels, check, metric_id, series_id
from sightline.domain.metrics.span_table import Spans

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
PAIRS = st.lists(st.tuples(st.sampled_from(["__name__", "a", "b", "", "longer"]) | TEXT, TEXT), max_size=4)


@given(pairs=st.lists(PAIRS, max_size=4), longest=st.sampled_from([0, 1, 90, 119, 120, 121, 127, 128, 300]))
def test_all_bodies_identify_alike(bodies: Bodies, pairs: list[list[tuple[str, str]]], longest: int) -> None:
    """Ids of label sets and metrics are those of the library, whatever the length; without a metric name the latter is 0."""
    sets = [Labels.of([*own, ("long", "x" * longest), ("__name__", "up")]) for own in pairs]
    sets += [Labels.of([("__name__", "m" * longest)]), Labels.of([("a", "b")])]
    sets = [one for one in sets if one]
    spans = Spans.of([one.canonical() for one in sets])
    for body in bodies(identity.identify):
        ids, metrics = np.empty(len(sets), np.uint64), np.empty(len(sets), np.uint64)
        with np.errstate(over="ignore"):
            body(*spans, *identity._tables(), ids, metrics)
        assert ids.tolist() == [series_id(one) for one in sets]
        assert metrics.tolist() == [metric_id(one.name) if one.name else 0 for one in sets]


def is_good(labels: Labels, limits: LabelLimits) -> bool:
    """Whether it can be a series."""
    try:
        check(labels, limits)
    except InvalidLabel:
        return False
    return True


@given(
    pairs=st.lists(PAIRS, max_size=6),
    limits=st.builds(LabelLimits, st.integers(1, 4), st.integers(1, 9), st.integers(1, 7)),
)
def test_all_bodies_find_what_is_plainly_good(
    bodies: Bodies, pairs: list[list[tuple[str, str]]], limits: LabelLimits
) -> None:
    """What is called plain passes the check, and what passes it is called plain: only the others need a closer look."""
    sets = [Labels(sorted(own)) for own in pairs]
    spans = Spans.of([one.canonical() for one in sets])
    wanted = [is_good(one, limits) and all(value for _, value in one) for one in sets]
    for body in bodies(identity.check_plain):
        plain = np.empty(len(sets), np.bool_)
        body(*spans, limits.labels, limits.name_bytes, limits.value_bytes, plain)
        assert plain.tolist() == wanted


def test_ids_of_many_are_the_ids_of_each() -> None:
    """The entry for callers gives what the functions for one label set give."""
    sets = [Labels.of(__name__="up", n=str(number)) for number in range(10)]
    ids, metrics = identity.identities(*Spans.of([one.canonical() for one in sets]))
    assert ids.tolist() == [series_id(one) for one in sets]
    assert metrics.tolist() == [metric_id("up")] * 10
    assert identity.identities(*Spans.of([]))[0].tolist() == pytest.approx([])
