from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Value, marked, numbered, told

from sightline.domain.labels import Labels
from sightline.domain.metrics.merge import merge
from sightline.domain.metrics.samples import STALE_BITS, SeriesColumns

Content = dict[str, dict[int, Value]]
CONTENT = st.dictionaries(
    st.sampled_from("abcde"),
    st.dictionaries(st.integers(0, 9), st.integers(0, 99).map(numbered), min_size=1, max_size=6),
    max_size=5,
)


def columns(content: Content) -> SeriesColumns:
    """Columns of the content, in order of labels and time."""
    rows = [(name, sorted(own)) for name, own in sorted(content.items())]
    found = SeriesColumns.of([(Labels.of(n=name), times, [0.0] * len(times)) for name, times in rows])
    values, histograms = marked([content[name][time] for name, times in rows for time in times])
    return replace(found, values=values, histograms=histograms)


def content_of(found: SeriesColumns) -> Content:
    """The content of columns, series in the order in which they stand."""
    values = told(found.values, found.histograms)
    ranges = zip(found.labels, found.offsets[:-1].tolist(), found.offsets[1:].tolist(), strict=True)
    return {labels.get("n"): dict(zip(found.times[a:b].tolist(), values[a:b], strict=True)) for labels, a, b in ranges}


@given(older=CONTENT, newer=CONTENT)
def test_merging_is_a_dictionary_update_per_series(older: Content, newer: Content) -> None:
    """All series of both sides come back in order, and of equal times the newer sample stays."""
    found = merge(columns(older), columns(newer))
    wanted = {name: older.get(name, {}) | newer.get(name, {}) for name in sorted(older.keys() | newer.keys())}
    assert content_of(found) == wanted
    assert list(found.labels) == sorted(found.labels)
    assert found.ids.tolist() == SeriesColumns.of([(one, [], []) for one in found.labels]).ids.tolist()
    for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True):
        assert (np.diff(found.times[a:b]) > 0).all()


def test_stale_markers_keep_their_bits() -> None:
    """The one NaN that means the end of a series survives a merge bit for bit."""
    stale = np.array([STALE_BITS], np.uint64).view(np.float64)
    one = columns({"a": {1: 1.0}})
    other = SeriesColumns(one.labels, one.ids, one.offsets, np.array([2]), stale)
    assert merge(one, other).values.view(np.uint64).tolist()[1] == STALE_BITS
    assert merge(other, one).values.view(np.uint64).tolist()[1] == STALE_BITS
