"""Which series have which label: chains of entries, the newest first.

An entry is one label of one series; entries stand in the order in which series were learnt, so that a chain read backwards ascends.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.canonical import part_end
from sightline.domain.kernels.compiled import INTS, kernel

Numbers = NDArray[np.uint32]
Links = NDArray[np.int32]

_NUMBERS: Final = "Array(uint32, 1, 'C', True)"
_LINKS: Final = "Array(int32, 1, 'C', True)"


def _hang_numpy(pairs: Numbers, first: int, heads: Links, counts: Links, previous: Links) -> None:
    for entry, pair in enumerate(pairs.tolist(), first):
        previous[entry] = heads[pair]
        heads[pair] = entry
        counts[pair] += 1


@kernel(f"void({_NUMBERS}, int64, int32[::1], int32[::1], int32[::1])", twin=_hang_numpy)
def hang(pairs: Numbers, first: int, heads: Links, counts: Links, previous: Links) -> None:
    """Hang new entries behind those that have the same pair; pairs (n,): of the entries `first`, first + 1, ...

    heads, counts: the last entry of each pair, -1 for none, and how many it has. previous: of each entry, written.
    """
    for at in range(len(pairs)):
        pair = pairs[at]
        previous[first + at] = heads[pair]
        heads[pair] = first + at
        counts[pair] += 1


def _collect_numpy(
    pairs: NDArray[np.int64], heads: Links, counts: Links, previous: Links, series: Numbers, out: Numbers
) -> None:
    at = 0
    for pair in pairs.tolist():
        entry, end = int(heads[pair]), at + int(counts[pair])
        at = end
        while entry >= 0:
            end -= 1
            out[end] = series[entry]
            entry = int(previous[entry])


@kernel(f"void({INTS}, {_LINKS}, {_LINKS}, {_LINKS}, {_NUMBERS}, uint32[::1])", twin=_collect_numpy)
def collect(
    pairs: NDArray[np.int64], heads: Links, counts: Links, previous: Links, series: Numbers, out: Numbers
) -> None:
    """Write the series of each pair, ascending, one pair behind the other; series: of each entry."""
    at = 0
    for number in range(len(pairs)):
        pair = pairs[number]
        entry = heads[pair]
        end = at + counts[pair]
        at = end
        while entry >= 0:
            end -= 1
            out[end] = series[entry]
            entry = previous[entry]


def _mark_numpy(numbers: Numbers, bounds: NDArray[np.int64], pairs: Numbers, marked: NDArray[np.bool_]) -> None:
    for number in numbers.tolist():
        marked[pairs[bounds[number] : bounds[number + 1]]] = True


@kernel(f"void({_NUMBERS}, {INTS}, {_NUMBERS}, boolean[::1])", twin=_mark_numpy)
def mark(numbers: Numbers, bounds: NDArray[np.int64], pairs: Numbers, marked: NDArray[np.bool_]) -> None:
    """Mark the pairs that series have; bounds: where the entries of each series begin, and the last end; pairs: of each entry."""
    for at in range(len(numbers)):
        number = numbers[at]
        for entry in range(bounds[number], bounds[number + 1]):
            marked[pairs[entry]] = True


def _cut_numpy(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    pair_starts: NDArray[np.int64],
    pair_ends: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    at = 0
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        parts = data[start:end].split(b"\xff") if end > start else []
        counts[row] = len(parts) // 2
        position = start
        for name, value in zip(parts[0::2], parts[1::2], strict=True):
            pair_starts[at], pair_ends[at] = position, position + len(name) + 1 + len(value)
            position = pair_ends[at] + 1
            at += 1
    return at


@kernel(
    f"int64(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, int64[::1], int64[::1], int64[::1])",
    twin=_cut_numpy,
)
def cut(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    pair_starts: NDArray[np.int64],
    pair_ends: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Find the labels, name 0xff value, of k label sets in canonical bytes; returns how many there are in all.

    pair_starts, pair_ends: where each stands, written; counts (k,): how many each set has, written.
    """
    at = 0
    for row in range(len(starts)):
        end = int(ends[row])
        position = int(starts[row])
        first = at
        while position < end:
            pair_starts[at] = position
            pair_ends[at] = part_end(data, part_end(data, position, end) + 1, end)
            position = pair_ends[at] + 1
            at += 1
        counts[row] = at - first
    return at
