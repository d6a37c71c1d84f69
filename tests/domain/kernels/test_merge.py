import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.merge import merge

ROWS = st.lists(st.dictionaries(st.integers(0, 9), st.integers(0, 99).map(float), max_size=5), max_size=4)


@given(older=ROWS, newer=ROWS, data=st.data())
def test_all_bodies_merge_alike(
    bodies: Bodies, older: list[dict[int, float]], newer: list[dict[int, float]], data: st.DataObject
) -> None:
    """Whatever series take from whatever sides, the result is the union by time with the newer on top."""
    count = max(len(older), len(newer)) + 1
    places = [data.draw(st.permutations(range(count)), label="places")[: len(side)] for side in (older, newer)]
    inputs = []
    for side, place in zip((older, newer), places, strict=True):
        rows = np.full(count, -1, np.int64)
        rows[place] = np.arange(len(side))
        times = np.array([time for one in side for time in sorted(one)], np.int64)
        values = np.array([one[time] for one in side for time in sorted(one)], np.float64)
        inputs += [rows, np.cumsum([0, *map(len, side)]), times, values]
    wanted: list[dict[int, float]] = [{} for _ in range(count)]
    for side, place in zip((older, newer), places, strict=True):
        for one, row in zip(side, place, strict=True):
            wanted[row].update(one)
    for body in bodies(merge):
        offsets = np.full(count + 1, -1, np.int64)
        times, values = np.empty(len(inputs[2]) + len(inputs[6]), np.int64), np.empty(len(inputs[3]) + len(inputs[7]))
        body(*inputs, offsets, times, values)
        for row, own in enumerate(wanted):
            a, b = offsets[row], offsets[row + 1]
            assert list(zip(times[a:b].tolist(), values[a:b].tolist(), strict=True)) == sorted(own.items())
