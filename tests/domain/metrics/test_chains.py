"""Chains: samples by series, while samples come and go."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Value, marked, numbered, told

from sightline.domain.metrics import sliding
from sightline.domain.metrics.chains import Chains
from sightline.domain.timerange import ALL_TIME, TimeRange

SERIES = 3
Sample = tuple[int, int]
"""A series and a time; the value is made of the sample's number."""
ADDITION = st.lists(st.tuples(st.integers(0, SERIES - 1), st.integers(0, 20)), min_size=1, max_size=12)


@given(
    steps=st.lists(st.one_of(ADDITION, st.integers(1, 3)), max_size=30),
    ends=st.tuples(st.integers(0, 20), st.integers(0, 20)),
)
def test_a_view_is_what_was_held_when_it_was_taken(steps: list[list[Sample] | int], ends: tuple[int, int]) -> None:
    """After any additions and drops, a view has each series' samples by time, the last write alone; what follows leaves it be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sliding, "_FEWEST", 1)
        check_views(steps, ends)


def check_views(steps: list[list[Sample] | int], ends: tuple[int, int]) -> None:
    """Add and drop, and look at every view in the end."""
    within = TimeRange(*ends)
    chains = Chains()
    chains.reserve(SERIES)
    held: list[list[tuple[Sample, Value]]] = []
    views = []
    count = 0
    for step in steps:
        if isinstance(step, int):
            chains.drop(sum(map(len, held[:step])))
            del held[:step]
        else:
            index = np.array([series for series, _ in step], np.uint32)
            own = [numbered(number) for number in range(count, count + len(step))]
            chains.add(np.arange(SERIES), index, np.array([time for _, time in step], np.int64), *marked(own))
            held.append(list(zip(step, own, strict=True)))
            count += len(step)
        views.append((chains.view(np.arange(SERIES)), expected(held, within)))
    for view, wanted in views:
        offsets, times, values, histograms = view.settled(within)
        samples = list(zip(times.tolist(), told(values, histograms), strict=True))
        assert [samples[a:b] for a, b in pairwise(offsets)] == wanted
        assert bool(view) or not samples


def expected(held: list[list[tuple[Sample, Value]]], within: TimeRange) -> list[list[tuple[int, Value]]]:
    """The samples of each series in the range."""
    found: list[dict[int, Value]] = [{} for _ in range(SERIES)]
    for addition in held:
        for (series, time), value in addition:
            if within.start <= time <= within.end:
                found[series][time] = value
    return [sorted(own.items()) for own in found]


def test_a_series_that_has_no_row_is_not_found() -> None:
    """Samples of row -1 are held and lead nowhere, and row -1 leads to none."""
    chains = Chains()
    chains.reserve(1)
    chains.add(np.array([0, -1]), np.array([0, 1], np.uint32), np.array([1, 2]), np.zeros(2))
    assert chains.view(np.array([0])).settled(ALL_TIME)[1].tolist() == [1]
    assert not chains.view(np.array([-1]))
    chains.drop(2)
    assert not chains.view(np.array([0]))
