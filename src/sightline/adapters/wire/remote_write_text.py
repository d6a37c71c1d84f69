"""From the bytes of remote-write label fields to canonical bytes, where label sets are written as every sender writes them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.canonical import SEPARATOR, stands_before
from sightline.domain.kernels.compiled import INTS, kernel, subroutine

_LABEL: Final = 0x0A
_NAME: Final = 0x0A
_VALUE: Final = 0x12
_PLAIN: Final = 0x80
"""A byte below it is a character of its own, and a whole varint."""


@subroutine
def _length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A length of one or two bytes at `at`, and the place behind it; -1 when it is something else or reaches beyond the end."""
    if at >= end:
        return -1, at
    length = int(data[at])
    after = at + 1
    if length >= _PLAIN:
        if after >= end or data[after] >= _PLAIN:
            return -1, at
        length = (length & (_PLAIN - 1)) | (int(data[after]) << 7)
        after += 1
    if after + length > end:
        return -1, at
    return length, after


@subroutine
def _copied(data: bytes, start: int, length: int, out: NDArray[np.uint8], at: int) -> bool:
    """Copy bytes; false when one is no plain character."""
    plain = True
    for step in range(length):
        byte = int(data[start + step])
        out[at + step] = byte
        plain = plain and 0 < byte < _PLAIN
    return plain


@subroutine
def _written(data: bytes, start: int, end: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the canonical bytes of one label set at `at`; returns where they end, -1 when it is not plain."""
    position = start
    before = at
    before_end = -1
    cursor = at
    while position < end:
        is_label = data[position] == _LABEL
        length, position = _length(data, position + 1, end)
        label_end = position + length
        if not is_label or length < 1 or data[position] != _NAME:
            return -1
        name_length, name = _length(data, position + 1, label_end)
        value_tag = name + name_length
        if name_length < 1 or value_tag >= label_end or data[value_tag] != _VALUE:
            return -1
        value_length, value = _length(data, value_tag + 1, label_end)
        if value_length < 1 or value + value_length != label_end:
            return -1
        if cursor > at:
            out[cursor] = SEPARATOR
            cursor += 1
        plain = _copied(data, name, name_length, out, cursor)
        if not plain or (before_end >= 0 and not stands_before(out, before, before_end, cursor, cursor + name_length)):
            return -1
        before = cursor
        cursor += name_length
        before_end = cursor
        out[cursor] = SEPARATOR
        cursor += 1
        if not _copied(data, value, value_length, out, cursor):
            return -1
        cursor += value_length
        position = label_end
    return cursor


def canonical_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    out: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    plain: NDArray[np.bool_],
) -> None:
    """Write the canonical bytes of k label sets, given by their label fields data[starts[i]:ends[i]], one behind the other.

    bounds (k + 1,): where each stands in `out`, written, which has as much room as the fields take. plain (k,): whether a set is
    there; one with names that do not ascend, an empty name or value, or other characters than ASCII's is left out.
    """
    at = 0
    bounds[0] = 0
    for row in range(len(starts)):
        end = _written(data, int(starts[row]), int(ends[row]), out, at)
        plain[row] = end > at
        at = max(at, end)
        bounds[row + 1] = at


canonical = kernel(
    f"void(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, uint8[::1], int64[::1], boolean[::1])",
    twin=canonical_in_python,
)(canonical_in_python)
