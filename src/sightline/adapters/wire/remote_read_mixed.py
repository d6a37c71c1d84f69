"""Series with native histograms as frames of a streamed answer: floats in XOR chunks, histograms in their own, in order of time."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from sightline.adapters.wire import remote_read_chunks as chunked
from sightline.adapters.wire.protobuf import encoded_varint, field, length, varint
from sightline.adapters.wire.remote_read_histograms import chunks
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.samples import SeriesColumns

_CHECK_BYTES: Final = 4
_QUERY_KEY: Final = 0x10
_NO_LABELS: Final = Labels()

Frames = Callable[[SeriesColumns], bytes]
"""The frames of series without histograms."""


def frames(columns: SeriesColumns, of_floats: Frames, query: int, frame_bytes: int) -> Iterator[bytes]:
    """The frames of series, in their order; of one with histograms in order of time, no longer than they may be."""
    marks = mark_mask(columns.values)
    before = np.append(0, np.cumsum(marks)).astype(np.int64)
    fields, bounds = chunks(columns.histograms, columns.times[marks])
    offsets = columns.offsets.tolist()
    for row, labels in enumerate(columns.labels):
        start, end = offsets[row], offsets[row + 1]
        if before[start] == before[end]:
            yield of_floats(_floats(columns, labels, start, end))
            continue
        head = b"".join([field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels])
        room = frame_bytes - len(head) - chunked.HEAD_BYTES
        turns = start + 1 + np.flatnonzero(np.diff(marks[start:end]))
        for first, last in zip([start, *turns.tolist()], [*turns.tolist(), end], strict=True):
            if marks[first]:
                for one, after in _cut(bounds, int(before[first]), int(before[last]), room):
                    yield _frame(head + fields[bounds[one] : bounds[after]], query)
            else:
                for content in _chunk_fields(of_floats(_floats(columns, _NO_LABELS, first, last))):
                    yield _frame(head + content, query)


def _cut(
    bounds: np.ndarray[tuple[int], np.dtype[np.int64]], first: int, last: int, room: int
) -> Iterator[tuple[int, int]]:
    """Runs of chunks that fit into a frame, or of one that does not."""
    while first < last:
        after = int(np.searchsorted(bounds, bounds[first] + room, "right")) - 1
        after = min(max(after, first + 1), last)
        yield first, after
        first = after


def _floats(columns: SeriesColumns, labels: Labels, first: int, last: int) -> SeriesColumns:
    """Some samples as a series of their own."""
    return SeriesColumns(
        (labels,),
        np.zeros(1, np.uint64),
        np.array([0, last - first], np.int64),
        columns.times[first:last],
        columns.values[first:last],
    )


def _chunk_fields(stream: bytes) -> Iterator[bytes]:
    """What the frames of a series without labels hold."""
    at = 0
    while at < len(stream):
        size, at = varint(stream, at, len(stream))
        start = at + _CHECK_BYTES
        at = start + size
        end, inner = length(stream, start + 1, at)
        yield stream[inner:end]


def _frame(series: bytes, query: int) -> bytes:
    message = field(1, series) + (bytes([_QUERY_KEY]) + encoded_varint(query) if query else b"")
    check = chunked.checksum(np.frombuffer(message, np.uint8), chunked.crc_table())
    return encoded_varint(len(message)) + int(check).to_bytes(_CHECK_BYTES, "big") + message
