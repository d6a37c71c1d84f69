import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.spans import ABSENT, find, gather, place_again, put
from sightline.domain.metrics.span_table import Spans


@given(texts=st.lists(st.binary(max_size=9), max_size=60), held=st.integers(0, 60))
def test_all_bodies_keep_the_table_alike(bodies: Bodies, texts: list[bytes], held: int) -> None:
    """Compiled and interpreted, a table is filled, searched, placed again and read alike, column by column."""
    outcomes = []
    for index in range(len(bodies(find))):
        fill, search, place, read = (bodies(one)[index] for one in (put, find, place_again, gather))
        spans, some = Spans.of(texts), Spans.of(texts[:held])
        slots, hashes = np.full(256, ABSENT, np.int32), np.zeros(100, np.int64)
        bounds, arena = np.zeros(101, np.int64), np.zeros(600, np.uint8)
        entries, found = np.empty(len(some.starts), np.int64), np.empty(len(texts), np.int64)
        count = fill(*some, 99, 0, slots, hashes, bounds, arena, entries)
        absent = search(*spans, 99, count, slots, hashes, bounds, arena, found)
        again = np.full(1024, ABSENT, np.int32)
        placed = place(hashes, count, again)
        out = np.zeros(bounds[count], np.uint8)
        read(bounds, arena, np.arange(count), bounds[1 : count + 1].copy(), out)
        columns = (slots, hashes, bounds, arena, entries, found, again, out)
        outcomes.append([[count, absent, placed], *(column.tolist() for column in columns)])
        assert out.tobytes() == b"".join(dict.fromkeys(texts[:held]))
    assert all(outcome == outcomes[0] for outcome in outcomes)
