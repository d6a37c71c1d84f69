"""Label sets as the values of a column of maps in ClickHouse's Native format: the ends of all rows, all names, all values."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.canonical import part_end
from sightline.domain.kernels.compiled import INTS, kernel, subroutine
from sightline.domain.metrics.span_table import Spans

_SHORT: Final = 0x80  # a varint below it is one byte
_VARINT_BYTES: Final = 5


@subroutine
def _put_text(data: bytes, start: int, end: int, out: NDArray[np.uint8], at: int) -> int:
    """Write `bytes varint | text`; returns where it ends."""
    length = end - start
    while length >= _SHORT:
        out[at] = length & (_SHORT - 1) | _SHORT
        length >>= 7
        at += 1
    out[at] = length
    at += 1
    for step in range(end - start):
        out[at + step] = data[start + step]
    return at + end - start


def lay_out_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    row_ends: NDArray[np.uint64],
    names: NDArray[np.uint8],
    values: NDArray[np.uint8],
    sizes: NDArray[np.int64],
) -> None:
    """Write the names and the values of k label sets, given as canonical bytes; row_ends (k,): how many there are up to each set.

    sizes (2,): how many bytes of `names` and of `values` were written.
    """
    pairs = 0
    name_at = 0
    value_at = 0
    for row in range(len(starts)):
        at = int(starts[row])
        end = int(ends[row])
        while at < end:
            name_end = part_end(data, at, end)
            value_end = part_end(data, name_end + 1, end)
            name_at = _put_text(data, at, name_end, names, name_at)
            value_at = _put_text(data, name_end + 1, value_end, values, value_at)
            pairs += 1
            at = value_end + 1
        row_ends[row] = pairs
    sizes[0] = name_at
    sizes[1] = value_at


lay_out = kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, uint64[::1], uint8[::1], uint8[::1], int64[::1])",
    twin=lay_out_in_python,
)(lay_out_in_python)


def map_values(texts: Spans) -> tuple[NDArray[np.uint64], bytes, bytes]:
    """How many pairs there are up to each of k label sets, uint64 (k,), and the bytes of all names and of all values."""
    size = int((texts.ends - texts.starts).sum())
    room = size + size // _SHORT * _VARINT_BYTES + len(texts.starts)  # a length of one byte takes a separator's place
    row_ends, sizes = np.empty(len(texts.starts), np.uint64), np.zeros(2, np.int64)
    names, values = np.empty(room, np.uint8), np.empty(room, np.uint8)
    lay_out(*texts, row_ends, names, values, sizes)
    return row_ends, names[: sizes[0]].tobytes(), values[: sizes[1]].tobytes()
