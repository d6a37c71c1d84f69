from itertools import groupby, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.chain import collect, link, weigh

SERIES = 4
ENTRIES = st.lists(
    st.lists(st.tuples(st.integers(0, SERIES - 1), st.integers(0, 9)), min_size=1, max_size=8), max_size=5
)


@given(entries=ENTRIES, ends=st.tuples(st.integers(-1, 10), st.integers(-1, 10)), hidden=st.sets(st.integers(0, 3)))
def test_all_bodies_chain_alike(
    bodies: Bodies, entries: list[list[tuple[int, int]]], ends: tuple[int, int], hidden: set[int]
) -> None:
    """Linked, weighed and collected, each series that may be found has its samples of the range in the order in which they came."""
    first, last = ends
    samples = [sample for entry in entries for sample in entry]
    times = np.array([time for _, time in samples], np.int64)
    values = np.arange(len(samples), dtype=np.float64)
    rows = np.array([-1 if series in hidden else series for series in range(SERIES)], np.int64)
    wanted = [
        []
        if series in hidden
        else [(time, at) for at, (own, time) in enumerate(samples) if own == series and first <= time <= last]
        for series in range(SERIES)
    ]
    for bind, count, gather in zip(bodies(link), bodies(weigh), bodies(collect), strict=True):
        heads = np.full(SERIES, -1, np.int64)
        previous, starts = np.empty(len(samples), np.int64), np.zeros(len(samples) + 1, np.int64)
        piece = at = 0
        for entry in entries:
            index = np.array([series for series, _ in entry], np.uint32)
            piece = bind(rows, index, piece, at, 0, heads, previous, starts)
            at += len(entry)
        assert piece == sum(len(list(groupby(series for series, _ in entry))) for entry in entries)
        place = (heads, 0, 0, previous, starts)
        counts = np.zeros(SERIES, np.int64)
        count(*place, times, first, last, counts)
        assert counts.tolist() == [len(own) for own in wanted]
        offsets = np.concatenate(([0], np.cumsum(counts)))
        out_times, out_values = np.empty(offsets[-1], np.int64), np.empty(offsets[-1])
        disordered = np.zeros(SERIES, np.bool_)
        gather(*place, times, values, first, last, offsets, out_times, out_values, disordered)
        found = list(zip(out_times.tolist(), out_values.tolist(), strict=True))
        assert found == [sample for own in wanted for sample in own]
        assert disordered.tolist() == [any(b <= a for (a, _), (b, _) in pairwise(own)) for own in wanted]
