from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.gather import append, bound, find, settle

SERIES = 3
Body = Callable[..., Any]
RUNS = st.lists(
    st.lists(
        st.dictionaries(st.integers(0, 12), st.integers(0, 99).map(float), max_size=6), min_size=SERIES, max_size=SERIES
    ),
    max_size=4,
)


@given(runs=RUNS, ends=st.tuples(st.integers(-1, 13), st.integers(-1, 13)))
def test_all_bodies_gather_alike(bodies: Bodies, runs: list[list[dict[int, float]]], ends: tuple[int, int]) -> None:
    """Bounded, appended and settled, runs make the union by time with the later run on top, whichever body does which step."""
    first, last = ends
    wanted: list[dict[int, float]] = [{} for _ in range(SERIES)]
    for run in runs:
        for own, part in zip(wanted, run, strict=True):
            own.update({time: value for time, value in part.items() if first <= time <= last})
    for bind, add, finish in zip(bodies(bound), bodies(append), bodies(settle), strict=True):
        offsets, times, values = gathered(bind, add, finish, runs, first, last)
        for series, own in enumerate(wanted):
            a, b = offsets[series], offsets[series + 1]
            assert list(zip(times[a:b].tolist(), values[a:b].tolist(), strict=True)) == sorted(own.items())


@given(wanted=st.sets(st.integers(0, 2**64 - 1), max_size=6), others=st.sets(st.integers(0, 2**64 - 1), max_size=90))
def test_ids_are_found_where_they_stand(bodies: Bodies, wanted: set[int], others: set[int]) -> None:
    """Each wanted id leads to its place among others, few or many, and to none where it is missing; ids have all 64 bits."""
    among = sorted(others | set(sorted(wanted)[::2]))
    places = np.arange(len(wanted))[::-1].copy()
    for body in bodies(find):
        rows = np.full(len(wanted), 7)
        body(np.array(sorted(wanted), np.uint64), places, np.array(among, np.uint64), rows)
        assert rows[::-1].tolist() == [among.index(one) if one in among else -1 for one in sorted(wanted)]


def gathered(
    bind: Body, add: Body, finish: Body, runs: list[list[dict[int, float]]], first: int, last: int
) -> tuple[Any, Any, Any]:
    """Offsets, times and values of all series."""
    parts = []
    newest, disordered = np.full(SERIES, np.iinfo(np.int64).min), np.zeros(SERIES, np.bool_)
    for run in runs:
        ends = np.cumsum([len(own) for own in run])
        starts = ends - [len(own) for own in run]
        times = np.array([time for own in run for time in sorted(own)], np.int64)
        values = np.array([own[time] for own in run for time in sorted(own)], np.float64)
        rows = np.array([series if run[series] else -1 for series in range(SERIES)], np.int64)
        low, high = np.empty(SERIES, np.int64), np.empty(SERIES, np.int64)
        bind(rows, starts, ends, times, first, last, low, high, newest, disordered)
        assert (low <= high).all()
        parts.append((low, high, times, values))
    offsets = np.concatenate(
        ([0], np.cumsum(sum((high - low for low, high, _, _ in parts), np.zeros(SERIES, np.int64))))
    )
    times, values = np.empty(offsets[-1], np.int64), np.empty(offsets[-1])
    cursors = offsets[:-1].copy()
    for part in parts:
        add(*part, cursors, times, values)
    finish(disordered, offsets, times, values)
    return offsets, times, values
