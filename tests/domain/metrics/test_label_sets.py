"""Label sets remember what was worked out of them, within bounds."""

from functools import partial

import numpy as np

from sightline.domain.labels import Labels
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.label_sets import LabelSets, remembered

SETS = [Labels.of(n=name) for name in "abc"]


def test_a_fact_is_worked_out_once() -> None:
    """Asked again under the same key, shared label sets give the same object; others have it made again."""
    shared, made = LabelSets(SETS), list[int]()

    def fact() -> list[int]:
        made.append(1)
        return [len(made)]

    assert remembered(shared, "key", fact) is remembered(shared, "key", fact)
    assert remembered(shared, "other", fact) == [2]
    assert [remembered(tuple(SETS), "key", fact), remembered(tuple(SETS), "key", fact)] == [[3], [4]]
    assert shared == tuple(SETS)


def test_facts_are_few() -> None:
    """Whoever asks for ever new things makes the oldest be forgotten, not the memory grow."""
    shared = LabelSets(SETS)
    for number in range(1_000):
        assert shared.remembered(number, partial(int, number)) == number
    assert len(shared._facts) <= 16


def test_the_same_series_have_the_same_label_sets() -> None:
    """All, or some of those that a query found: asked for the same again, they are the same object."""
    known = KnownSeries.of(SETS, [3, 1, 2])
    assert known.label_sets(np.arange(3)) is known.label_sets(np.arange(3))
    some = known.label_sets(np.array([0, 2]))
    assert some == (SETS[0], SETS[2])
    assert known.label_sets(np.array([0, 2])) is some
    assert known.label_sets(np.array([1])) == (SETS[1],)
    assert known.label_sets(np.array([0, 2])) == some
