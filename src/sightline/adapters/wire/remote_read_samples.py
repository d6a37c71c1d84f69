"""Series and their samples as prometheus.TimeSeries, made by machine code.

Source: prompb/remote.proto and prompb/types.proto of Prometheus:

    QueryResult { repeated TimeSeries timeseries = 1 }
    TimeSeries  { repeated Label labels = 1; repeated Sample samples = 2 }
    Sample      { double value = 1; int64 timestamp = 2 }
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import put_varint, varint_size
from sightline.domain.kernels.compiled import BYTES, INTS, kernel

_SERIES_KEY: Final = 0x0A
_SAMPLE_KEY: Final = 0x12
_VALUE_KEY: Final = 0x09
_TIME_KEY: Final = 0x10

SAMPLE_BYTES: Final = 22
"""The most that one sample takes."""
SERIES_BYTES: Final = 11
"""The most that a series takes besides its labels and samples."""

_FIXED: Final = 10  # of a sample: the value and both keys, without its time
_WORD: Final = 4


def write_in_python(
    times: NDArray[np.int64],
    words: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    labels: NDArray[np.uint8],
    label_offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> int:
    """Write the `timeseries` fields of s series; returns how many bytes they take.

    times: (n,) ms. words: (2 n,), the bits of each value, its low half first. offsets: (s + 1,), as in SeriesColumns. labels: the
    label fields of all series, those of series i from label_offsets[i] to label_offsets[i + 1]. out: SAMPLE_BYTES for each sample,
    SERIES_BYTES for each series, and as many as there are labels.
    """
    at = 0
    for row in range(len(offsets) - 1):
        size = label_offsets[row + 1] - label_offsets[row]
        for i in range(offsets[row], offsets[row + 1]):
            size += 2 + _FIXED + varint_size(times[i])
        out[at] = _SERIES_KEY
        at = put_varint(out, at + 1, size)
        for i in range(label_offsets[row], label_offsets[row + 1]):
            out[at] = labels[i]
            at += 1
        for i in range(offsets[row], offsets[row + 1]):
            out[at] = _SAMPLE_KEY
            out[at + 1] = _FIXED + varint_size(times[i])
            out[at + 2] = _VALUE_KEY
            at += 3
            for half in range(2):
                word = words[2 * i + half]
                for byte in range(_WORD):
                    out[at + byte] = (word >> (8 * byte)) & 0xFF
                at += _WORD
            out[at] = _TIME_KEY
            at = put_varint(out, at + 1, times[i])
    return at


# The loop is its own twin, as that of remote_write_scan is: it serves until machine code is there.
write = kernel(
    f"int64({INTS}, Array(uint32, 1, 'C', True), {INTS}, {BYTES}, {INTS}, uint8[::1])", twin=write_in_python
)(write_in_python)
"""`write_in_python`, or the same as machine code once it is compiled."""
