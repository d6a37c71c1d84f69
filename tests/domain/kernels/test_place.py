import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.extent import extend
from sightline.domain.kernels.place import scatter
from sightline.domain.timerange import MAX_TIME, MIN_TIME

SERIES = 4
ROWS = st.lists(st.tuples(st.integers(0, SERIES - 1), st.integers(0, 20)), max_size=40)


@given(rows=ROWS, ascending=st.booleans())
def test_all_bodies_place_alike(bodies: Bodies, rows: list[tuple[int, int]], *, ascending: bool) -> None:
    """Each series' rows stand together in the order they came, and whether their times ascend is told."""
    rows = sorted(set(rows), key=lambda row: row[1]) if ascending else rows
    own = [[number for number, row in enumerate(rows) if row[0] == series] for series in range(SERIES)]
    wanted = [number for numbers in own for number in numbers]
    in_order = all(rows[a][1] < rows[b][1] for numbers in own for a, b in itertools.pairwise(numbers))
    starts = np.cumsum([0, *map(len, own)])
    places = np.array([series for series, _ in rows], np.uint32)
    times = np.array([time for _, time in rows], np.int64)
    numbers = np.arange(len(rows), dtype=np.uint64)
    for body in bodies(scatter):
        cursors = starts[:-1].copy()
        outputs = np.empty(len(rows), np.int64), np.empty(len(rows)), np.empty(len(rows), np.uint64)
        told = body(places, times, numbers.astype(np.float64), numbers, starts[:-1], cursors, *outputs)
        assert bool(told) is in_order
        assert cursors.tolist() == starts[1:].tolist()
        assert outputs[0].tolist() == [rows[number][1] for number in wanted]
        assert outputs[1].tolist() == outputs[2].tolist() == wanted


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
