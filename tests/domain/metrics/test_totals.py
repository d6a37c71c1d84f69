import math
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Native, columns, natives

from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, mark_mask
from sightline.domain.metrics.native_totals import NativeTotal, added, native_totals
from sightline.domain.metrics.samples import STALE
from sightline.domain.metrics.totals import Deltas, Totals, with_zeros

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),  # series
        st.integers(1, 12),  # time
        st.sampled_from([0, 0, 1, 3]),  # start
        st.one_of(st.integers(-5, 5).map(float), st.sampled_from([math.nan, math.inf, STALE])),
    ),
    max_size=8,
)


def deltas(rows: list[tuple[int, int, int, float]], histograms: list[Native] | None = None) -> Deltas:
    """Rows of series, time, start and value."""
    series, times, starts, values = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Deltas(
        np.array(series, np.uint32),
        np.array(times, np.int64),
        np.array(starts, np.int64),
        np.array(values, np.float64),
        columns(histograms) if histograms else NO_HISTOGRAMS,
    )


@given(st.lists(ROWS, max_size=6))
def test_totals_are_what_one_after_the_other_gives(batches: list[list[tuple[int, int, int, float]]]) -> None:
    """Whatever comes in whichever order, the totals are those of adding delta after delta by the rule."""
    totals = Totals()
    held: dict[int, tuple[int, float]] = {}
    for rows in batches:
        before = dict(held)
        expected: dict[int, float] = {}
        zeros = set()
        for at in sorted(range(len(rows)), key=lambda row: (rows[row][0], rows[row][1])):
            series, time, start, delta = rows[at]
            last, total = held.get(series, (None, 0.0))
            if not math.isfinite(delta) or (last is not None and time <= last):
                continue
            if last is None and start > 0:
                zeros.add(at)
            held[series] = time, total + delta
            expected[at] = total + delta
        given_ = deltas(rows)
        counted = totals.count(given_)
        stale = {at for at, row in enumerate(rows) if given_.values.view(np.uint64)[at] == 0x7FF0000000000002}
        assert set(np.flatnonzero(counted.kept).tolist()) == set(expected) | stale
        assert {at: counted.values[at] for at in expected} == expected
        assert set(counted.zeros.tolist()) == zeros
        assert set(counted.bad.tolist()) == {
            at for at, row in enumerate(rows) if not math.isfinite(row[3]) and at not in stale
        }
        assert set(counted.late.tolist()) == {
            at
            for at, row in enumerate(rows)
            if math.isfinite(row[3]) and row[0] in before and row[1] < before[row[0]][0]
        }
        totals.remember(counted)
        assert len(totals) == len(held)


def test_nothing_is_known_before_it_is_remembered() -> None:
    """Counting changes nothing: what could not be stored may come again and counts then."""
    totals, given_ = Totals(), deltas([(0, 5, 0, 2.0)])
    first, again = totals.count(given_), totals.count(given_)
    assert first.values.tolist() == again.values.tolist() == [2.0]
    assert totals.unknown(given_.numbers).tolist() == [0]
    totals.remember(first)
    assert not len(totals.unknown(given_.numbers))
    assert not totals.count(given_).kept.any()


def test_totals_go_on_from_what_is_stored() -> None:
    """A series that was recalled goes on from its last total; one that was forgotten begins anew, with a zero."""
    totals = Totals()
    numbers = np.array([7, 2], np.uint32)
    totals.recall(numbers, np.array([10, 20]), np.array([100.0, 200.0]), NO_HISTOGRAMS)
    counted = totals.count(deltas([(2, 30, 20, 1.0), (7, 30, 20, 1.0)]))
    assert counted.values.tolist() == [201.0, 101.0]
    assert not len(counted.zeros)
    totals.forget_before(15)
    assert totals.unknown(numbers).tolist() == [7]
    given_ = deltas([(7, 30, 20, 1.0)])
    rows, times, values, histograms = with_zeros(totals.count(given_), given_, reach=5)
    assert (rows.tolist(), times.tolist(), values.tolist(), len(histograms)) == ([0], [25], [0.0], 0)


def test_native_histograms_are_added_up() -> None:
    """Histograms that come as deltas become one that has all that was observed, and begin with an empty one."""
    totals = Totals()
    one = Native(schema=1, count=3.0, sum=4.0, zero_threshold=1e-128, positive={0: 1.0, 5: 2.0})
    two = Native(schema=0, count=2.0, sum=1.5, zero_threshold=1e-128, zero_count=1.0, positive={3: 1.0})
    given_ = deltas([(0, 10, 5, MARK), (0, 20, 10, MARK)], [one, two])
    counted = totals.count(given_)
    assert mark_mask(counted.values).all()
    assert natives(counted.histograms) == [
        one,
        Native(schema=0, count=5.0, sum=5.5, zero_threshold=1e-128, zero_count=1.0, positive={0: 1.0, 3: 3.0}),
    ]
    _, times, values, empty = with_zeros(counted, given_, reach=100)
    assert times.tolist() == [5]
    assert mark_mask(values).all()
    assert natives(empty) == [Native(schema=1, zero_threshold=1e-128)]
    totals.remember(counted)
    again = totals.count(deltas([(0, 30, 20, MARK)], [two]))
    assert natives(again.histograms)[0].count == 7.0
    number = totals.count(deltas([(0, 40, 20, 2.0)]))
    assert number.values.tolist() == [2.0]


BUCKETS = st.dictionaries(st.integers(-6, 6), st.integers(1, 5).map(float), max_size=4)
NATIVES = st.builds(
    NativeTotal,
    schema=st.integers(-1, 2),
    zero_threshold=st.sampled_from([0.0, 0.3, 1.0]),
    zero_count=st.integers(0, 3).map(float),
    count=st.integers(0, 9).map(float),
    sum=st.integers(-9, 9).map(float),
    positive=BUCKETS,
    negative=BUCKETS,
).map(
    lambda one: replace(one, zero_threshold=0.0).widened(one.zero_threshold)
)  # no bucket reaches into the zero bucket


@given(NATIVES, NATIVES)
def test_no_observation_is_lost_in_a_sum(first: NativeTotal, second: NativeTotal) -> None:
    """A sum is the same either way round, and has as many observations in its buckets as both together."""

    def observed(one: NativeTotal) -> float:
        return one.zero_count + sum(one.positive.values()) + sum(one.negative.values())

    total = added(first, second)
    assert total == added(second, first)
    assert observed(total) == observed(first) + observed(second)
    assert total.schema == min(first.schema, second.schema)
    assert total.zero_threshold >= max(first.zero_threshold, second.zero_threshold)
    # Where buckets were joined, one may reach into the zero bucket again.
    for side in (total.positive, total.negative) if first.schema == second.schema else ():
        assert all(2.0 ** ((index - 1) * 2.0**-total.schema) >= total.zero_threshold for index in side)


def test_columns_and_objects_are_the_same() -> None:
    """Histograms of columns, one by one, are those that stand there."""
    given_ = [Native(schema=2, count=1.0, positive={1: 1.0}), Native(zero_count=2.0, negative={-3: 4.0})]
    found = native_totals(columns(given_))
    assert [(one.schema, dict(one.positive), dict(one.negative)) for one in found] == [
        (2, {1: 1.0}, {}),
        (0, {}, {-3: 4.0}),
    ]
