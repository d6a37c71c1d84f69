"""The encoder of columns, beside the decoder and the encoder of rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.wire.remote_write import decode, encode
from sightline.adapters.wire.remote_write_encode import label_fields, message, request, write
from sightline.adapters.wire.snappy import decompress
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

_LABELS = st.builds(
    lambda name, more: Labels.of(more, __name__=name),
    st.sampled_from(["up", "é"]),
    st.dictionaries(st.sampled_from(["a", "b"]), st.text("xyé", max_size=200), max_size=2),
)


@st.composite
def batches(draw: st.DrawFn) -> WriteBatch:
    """Series in any order, some without a sample; times of every length, before 1970 too; values of every bit pattern."""
    labels = draw(st.lists(_LABELS, min_size=1, max_size=4, unique=True))
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, len(labels) - 1), st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1)),
            max_size=20,
        )
    )
    return WriteBatch(
        labels,
        np.array([row[0] for row in rows], np.uint32),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.uint64).view(np.float64),
    )


@pytest.mark.usefixtures("compiled_decoders")
@given(batches())
def test_requests_are_those_of_the_encoder_of_rows(batch: WriteBatch) -> None:
    """The same bytes, but that a series without a sample is left out."""
    used = sorted(set(batch.series.tolist()))
    places = {one: place for place, one in enumerate(used)}
    kept = WriteBatch(
        [batch.labels[one] for one in used],
        np.array([places[one] for one in batch.series.tolist()], np.uint32),
        batch.times,
        batch.values,
    )
    assert decompress(request(batch), max_decompressed=1 << 20) == decompress(encode(kept), max_decompressed=1 << 20)


@pytest.mark.usefixtures("compiled_decoders")
@given(batches())
def test_the_twin_writes_the_same(batch: WriteBatch) -> None:
    """Without machine code the bytes are the same."""
    compiled = message(batch, [label_fields(one) for one in batch.labels])
    body = write._body
    write.use(write.twin)
    try:
        assert message(batch, [label_fields(one) for one in batch.labels]) == compiled
    finally:
        write.use(body)


def test_what_is_written_is_read() -> None:
    """A request gives the batch back, sorted by series."""
    labels = [Labels.of(__name__="a"), Labels.of(__name__="b")]
    batch = WriteBatch(labels, np.array([1, 0, 1], np.uint32), np.array([5, 6, 7]), np.array([0.5, 1.5, 2.5]))
    found = decode(request(batch), max_decompressed=1 << 20)
    assert list(found.labels) == labels
    assert found.series.tolist() == [0, 1, 1]
    assert found.times.tolist() == [6, 5, 7]
    assert found.values.tolist() == [1.5, 0.5, 2.5]
