"""Sample columns to a prometheus.WriteRequest, a hundred thousand samples at once.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/ (version 1.0). Labels stand in order of name and each series once.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import field, put_varint, varint_size
from sightline.adapters.wire.snappy import compress
from sightline.domain.kernels.compiled import BYTES, INTS, kernel
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch

_SAMPLE_BYTES: Final = 22
"""Of a sample with its key and length at most: 2, 9 for the value, 11 for the time."""
_SERIES_BYTES: Final = 11
"""Of the key and length of a series at most."""


def write_in_python(
    labels: NDArray[np.uint8],
    label_ends: NDArray[np.int64],
    offsets: NDArray[np.int64],
    times: NDArray[np.int64],
    values: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> int:
    """Write series (k,) one after another; returns how many bytes of `out` are used.

    labels: the label fields of all series; label_ends: (k + 1,), where those of each begin and end. offsets: (k + 1,), the
    samples of a series. times: (n,). values: (8 n,), the doubles as bytes, little-endian.
    """
    position = 0
    for one in range(len(offsets) - 1):
        first, last = label_ends[one], label_ends[one + 1]
        size = last - first
        for row in range(offsets[one], offsets[one + 1]):
            size += 12 + varint_size(times[row])
        out[position] = 0x0A
        position = put_varint(out, position + 1, size)
        for at in range(first, last):
            out[position] = labels[at]
            position += 1
        for row in range(offsets[one], offsets[one + 1]):
            time = times[row]
            out[position] = 0x12
            out[position + 1] = 10 + varint_size(time)
            out[position + 2] = 0x09
            for byte in range(8):
                out[position + 3 + byte] = values[8 * row + byte]
            out[position + 11] = 0x10
            position = put_varint(out, position + 12, time)
    return position


# The loop is its own twin, as in remote_write_scan.
write = kernel(f"int64({BYTES}, {INTS}, {INTS}, {INTS}, {BYTES}, uint8[::1])", twin=write_in_python)(write_in_python)
"""`write_in_python`, or the same as machine code once it is compiled."""


def label_fields(labels: Labels) -> bytes:
    """The fields of a TimeSeries that name it."""
    return b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels)


def message(batch: WriteBatch, names: Sequence[bytes]) -> bytes:
    """The request with the samples of a batch, not compressed; each series once, its samples in the order of the batch.

    names: the `label_fields` of the batch's label sets. Native histograms are not written.
    """
    series, times, values = batch.series, batch.times, batch.values
    if len(series) and bool((series[1:] < series[:-1]).any()):
        order = np.argsort(series, kind="stable")
        series, times, values = series[order], times[order], values[order]
    offsets = np.searchsorted(series, np.arange(len(names) + 1))
    if bool((offsets[1:] == offsets[:-1]).any()):  # a series without a sample is none
        used = np.flatnonzero(offsets[1:] > offsets[:-1])
        names, offsets = [names[one] for one in used.tolist()], np.append(offsets[used], len(series))
    label_ends = np.cumsum([0, *map(len, names)])
    out = np.empty(int(label_ends[-1]) + _SERIES_BYTES * len(names) + _SAMPLE_BYTES * len(times), np.uint8)
    raw = np.ascontiguousarray(values, "<f8").view(np.uint8)
    columns = np.frombuffer(b"".join(names), np.uint8)
    used_bytes = write(columns, label_ends, offsets, np.ascontiguousarray(times), raw, out)
    return out[:used_bytes].tobytes()


def request(batch: WriteBatch) -> bytes:
    """The compressed request with the samples of a batch."""
    return compress(message(batch, [label_fields(labels) for labels in batch.labels]))
