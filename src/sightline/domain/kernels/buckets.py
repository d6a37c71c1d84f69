"""Sums over columns of histograms: of numbers, and of buckets in compressed rows.

Shapes for h histograms, m members and t sums: offsets: int64 (t + 1,); sum i takes the members offsets[i]:offsets[i + 1], each one
the number of a histogram, int64 (m,), and its weight, float64 (m,), 1 or -1. Sums are compensated, as Prometheus' are.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel
from sightline.domain.kernels.summation import add

Ints = NDArray[np.int64]
Values = NDArray[np.float64]
Index = NDArray[np.int32]

WIDEST: Final = 1 << 16
"""Buckets that lie farther apart than this are not added up in a row of numbers, of which most would be zero."""
_INDEX: Final = "Array(int32, 1, 'C', True)"
_BITS: Final = 32
_FARTHEST: Final = 1 << 40


@np.errstate(all="ignore")
def _add_numbers_numpy(offsets: Ints, members: Ints, weights: Values, numbers: Values, out: Values) -> None:
    out[:] = 0
    some = np.flatnonzero(np.diff(offsets))
    if len(some):
        out[some] = np.add.reduceat(numbers[members] * weights, offsets[some])


@kernel(f"void({INTS}, {INTS}, {FLOATS}, {FLOATS}, float64[::1])", twin=_add_numbers_numpy)
def add_numbers(offsets: Ints, members: Ints, weights: Values, numbers: Values, out: Values) -> None:
    """Add up one number, float64 (h,), of each member; out: float64 (t,)."""
    for i in range(len(out)):
        total, lost = 0.0, 0.0
        for member in range(offsets[i], offsets[i + 1]):
            total, lost = add(numbers[members[member]] * weights[member], total, lost)
        out[i] = total + lost


@np.errstate(all="ignore")
def _add_buckets_numpy(
    offsets: Ints,
    members: Ints,
    weights: Values,
    shifts: Ints,
    owned: Ints,
    index: Index,
    counts: Values,
    starts: Ints,
    out_index: Index,
    out_counts: Values,
    sizes: Ints,
) -> None:
    sizes[:] = 0
    lengths = np.diff(owned)[members]
    ends = np.cumsum(lengths)
    if not len(ends) or not ends[-1]:
        return
    entry = np.arange(ends[-1]) + np.repeat(owned[members] - (ends - lengths), lengths)
    target = np.repeat(np.repeat(np.arange(len(sizes)), np.diff(offsets)), lengths)
    coarse = ((index[entry].astype(np.int64) - 1) >> np.repeat(shifts, lengths)) + 1
    keys = (target << _BITS) + (coarse - np.iinfo(np.int32).min)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    begins = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    totals = np.add.reduceat((counts[entry] * np.repeat(weights, lengths))[order], begins)
    keys, totals = keys[begins][totals != 0], totals[totals != 0]
    target = keys >> _BITS
    sizes[:] = np.bincount(target, minlength=len(sizes))
    place = np.arange(len(target)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    out_index[place] = (keys & ((1 << _BITS) - 1)) + np.iinfo(np.int32).min
    out_counts[place] = totals


@kernel(
    f"void({INTS}, {INTS}, {FLOATS}, {INTS}, {INTS}, {_INDEX}, {FLOATS}, {INTS}, int32[::1], float64[::1], int64[::1])",
    twin=_add_buckets_numpy,
)
def add_buckets(
    offsets: Ints,
    members: Ints,
    weights: Values,
    shifts: Ints,
    owned: Ints,
    index: Index,
    counts: Values,
    starts: Ints,
    out_index: Index,
    out_counts: Values,
    sizes: Ints,
) -> None:
    """Add up the buckets of members, those of each made coarser by a shift of its index.

    owned: int64 (h + 1,), index: int32, counts: float64: the buckets of all histograms in compressed rows. shifts: int64 (m,).
    What sum i has, without empty buckets, is written from starts[i] on, and how much it is to sizes[i].
    """
    widest = 0
    for i in range(len(sizes)):
        first, last = _FARTHEST, -_FARTHEST
        for member in range(offsets[i], offsets[i + 1]):
            begin, end = owned[members[member]], owned[members[member] + 1]
            if end > begin:
                first = min(first, ((index[begin] - 1) >> shifts[member]) + 1)
                last = max(last, ((index[end - 1] - 1) >> shifts[member]) + 1)
        widest = max(widest, int(last - first + 1))
    total, lost = np.zeros(widest), np.zeros(widest)
    for i in range(len(sizes)):
        first, last = _FARTHEST, -_FARTHEST
        for member in range(offsets[i], offsets[i + 1]):
            begin, end = owned[members[member]], owned[members[member] + 1]
            if end > begin:
                first = min(first, ((index[begin] - 1) >> shifts[member]) + 1)
                last = max(last, ((index[end - 1] - 1) >> shifts[member]) + 1)
        for member in range(offsets[i], offsets[i + 1]):
            weight, shift = weights[member], shifts[member]
            for entry in range(owned[members[member]], owned[members[member] + 1]):
                at = ((index[entry] - 1) >> shift) + 1 - first
                total[at], lost[at] = add(counts[entry] * weight, total[at], lost[at])
        size = 0
        for at in range(last - first + 1):
            count = total[at] + lost[at]
            if count != 0.0:
                out_index[starts[i] + size] = at + first
                out_counts[starts[i] + size] = count
                size += 1
            total[at] = 0.0
            lost[at] = 0.0
        sizes[i] = size
