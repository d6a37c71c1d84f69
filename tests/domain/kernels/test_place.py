import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.extent import extend
from sightline.domain.kernels.place import scatter, tally
from sightline.domain.timerange import MAX_TIME, MIN_TIME

SERIES = 4
ROWS = st.lists(st.tuples(st.integers(0, SERIES - 1), st.integers(0, 20)), max_size=40)


@given(parts=st.lists(ROWS, max_size=3), ascending=st.booleans(), order=st.permutations(range(SERIES)))
def test_all_bodies_place_alike(
    bodies: Bodies, parts: list[list[tuple[int, int]]], order: list[int], *, ascending: bool
) -> None:
    """Each series' samples stand together in the order they came, and whose times do not ascend is told."""
    if ascending:
        parts = [[(series, 100 * at + time) for series, time in sorted(set(part))] for at, part in enumerate(parts)]
    places = np.array(order, np.uint32)
    samples = [(order[series], time) for part in parts for series, time in part]
    own = [[number for number, (place, _) in enumerate(samples) if place == at] for at in range(SERIES)]
    offsets = np.cumsum([0, *map(len, own)])
    for count, put in zip(bodies(tally), bodies(scatter), strict=True):
        counts, cursors, disordered = np.zeros(SERIES, np.int64), offsets[:-1].copy(), np.zeros(SERIES, np.bool_)
        times, values = np.empty(len(samples), np.int64), np.empty(len(samples))
        before = 0
        for part in parts:
            index = np.array([series for series, _ in part], np.uint32)
            numbers = np.arange(before, before + len(part), dtype=np.float64)
            count(index, places, counts)
            put(
                index,
                places,
                np.array([time for _, time in part], np.int64),
                numbers,
                offsets,
                cursors,
                times,
                values,
                disordered,
            )
            before += len(part)
        assert counts.tolist() == [len(numbers) for numbers in own]
        assert cursors.tolist() == offsets[1:].tolist()
        assert values.tolist() == [number for numbers in own for number in numbers]
        assert times.tolist() == [samples[number][1] for numbers in own for number in numbers]
        fell = [any(samples[a][1] >= samples[b][1] for a, b in itertools.pairwise(numbers)) for numbers in own]
        assert disordered.tolist() == fell


@given(rows=ROWS)
def test_all_bodies_extend_alike(bodies: Bodies, rows: list[tuple[int, int]]) -> None:
    """Each group reaches from its first time to its last; one without rows keeps the bounds it had."""
    index = np.array([series for series, _ in rows], np.uint32)
    times = np.array([time for _, time in rows], np.int64)
    own = [[time for series, time in rows if series == group] for group in range(SERIES)]
    for body in bodies(extend):
        first, last = np.full(SERIES, MAX_TIME), np.full(SERIES, MIN_TIME)
        body(index, times, first, last)
        assert first.tolist() == [min(group, default=MAX_TIME) for group in own]
        assert last.tolist() == [max(group, default=MIN_TIME) for group in own]
