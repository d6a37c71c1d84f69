"""Columns of native histograms."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import NATIVES, Native, columns, natives

from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, mark_mask, together
from sightline.domain.metrics.samples import STALE, stale_mask


@given(st.lists(NATIVES, max_size=8), st.data())
def test_taking_gives_the_histograms_of_these_rows(given: list[Native], data: st.DataObject) -> None:
    """Whatever rows are taken, once or several times, in whatever order, their histograms come."""
    rows = data.draw(st.lists(st.integers(0, len(given) - 1), max_size=10)) if given else []
    assert natives(columns(given).take(np.array(rows, np.int64))) == [given[row] for row in rows]


@given(st.lists(st.lists(NATIVES, max_size=4), max_size=4))
def test_together_they_follow_one_another(parts: list[list[Native]]) -> None:
    """Columns of several parts are those of all histograms one after another."""
    assert natives(together([columns(part) for part in parts])) == [one for part in parts for one in part]


def test_no_histograms_are_none() -> None:
    """The empty columns have no rows and take no memory."""
    assert (len(NO_HISTOGRAMS), NO_HISTOGRAMS.weight, natives(NO_HISTOGRAMS)) == (0, 0, [])


def test_mark_and_stale_marker_are_told_apart() -> None:
    """Neither the mark nor the stale marker nor a plain NaN is taken for another."""
    values = np.array([MARK, STALE, np.nan, 1.0])
    assert mark_mask(values).tolist() == [True, False, False, False]
    assert stale_mask(values).tolist() == [False, True, False, False]
