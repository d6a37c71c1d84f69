import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies

from sightline.domain.kernels.postings import collect, cut, hang, mark
from sightline.domain.labels import Labels
from sightline.domain.metrics.span_table import Spans

PAIRS = 4
SERIES = st.lists(st.lists(st.lists(st.integers(0, PAIRS - 1), unique=True, max_size=3), max_size=4), max_size=4)


@given(batches=SERIES, chosen=st.lists(st.integers(0, PAIRS - 1), unique=True))
def test_all_bodies_hang_and_collect_alike(bodies: Bodies, batches: list[list[list[int]]], chosen: list[int]) -> None:
    """The series of a label come back ascending, one label behind the other, and the labels of all series are marked."""
    series = [own for batch in batches for own in batch]
    entries = [pair for own in series for pair in own]
    for link, gather, tick in zip(bodies(hang), bodies(collect), bodies(mark), strict=True):
        heads, counts = np.full(PAIRS, -1, np.int32), np.zeros(PAIRS, np.int32)
        previous, at = np.empty(len(entries), np.int32), 0
        for batch in batches:
            pairs = np.array([pair for own in batch for pair in own], np.uint32)
            link(pairs, at, heads, counts, previous)
            at += len(pairs)
        owners = np.repeat(np.arange(len(series), dtype=np.uint32), [len(own) for own in series])
        out = np.empty(int(counts[chosen].sum()), np.uint32)
        gather(np.array(chosen, np.int64), heads, counts, previous, owners, out)
        assert out.tolist() == [number for pair in chosen for number, own in enumerate(series) if pair in own]
        marked = np.zeros(PAIRS, np.bool_)
        bounds = np.cumsum([0, *map(len, series)])
        tick(np.arange(len(series), dtype=np.uint32), bounds, np.array(entries, np.uint32), marked)
        assert np.flatnonzero(marked).tolist() == sorted(set(entries))


@given(
    sets=st.lists(
        st.dictionaries(st.sampled_from("abc"), st.text("xyé", min_size=1), max_size=3).map(Labels.of), max_size=4
    )
)
def test_all_bodies_cut_alike(bodies: Bodies, sets: list[Labels]) -> None:
    """Canonical bytes are cut into their labels, and how many each set has is counted."""
    spans = Spans.of([one.canonical() for one in sets])
    total = sum(map(len, sets))
    for body in bodies(cut):
        starts, ends, counts = np.empty(total, np.int64), np.empty(total, np.int64), np.empty(len(sets), np.int64)
        assert body(*spans, starts, ends, counts) == total
        assert counts.tolist() == [len(one) for one in sets]
        found = Spans(spans.data, starts, ends).texts()
        assert found == [Labels([pair]).canonical() for one in sets for pair in one]
