"""Numbers of histograms told by what changed: each as its difference from that of the same bucket one histogram before.

Where all numbers of a chunk are whole, the differences are numbers; elsewhere they are the bits that differ.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import INTS, kernel

Ints = NDArray[np.int64]
Indices = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_INDICES: Final = "Array(int32, 1, 'C', True)"
_FLAGS: Final = "Array(boolean, 1, 'C', True)"


def _chains(
    bounds: Ints, offsets: Ints, index: Indices, whole: Flags
) -> tuple[NDArray[np.intp], NDArray[np.bool_], Flags]:
    """The numbers bucket by bucket, which of these follow the same bucket of the histogram before, and which are whole."""
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    chunk = np.repeat(np.arange(len(whole)), np.diff(bounds))[row]
    order = np.lexsort((row, index, chunk))
    row, chunk, own = row[order], chunk[order], index[order]
    follows = np.zeros(len(order), np.bool_)
    follows[1:] = (chunk[1:] == chunk[:-1]) & (own[1:] == own[:-1]) & (row[1:] == row[:-1] + 1)
    return order, follows, whole[chunk]


def _steps_numpy(bounds: Ints, offsets: Ints, index: Indices, whole: Flags, bits: Ints, out: Ints) -> None:
    order, follows, is_whole = _chains(bounds, offsets, index, whole)
    numbers = bits[order]
    numbers[is_whole] = numbers[is_whole].view(np.float64).astype(np.int64)
    last = np.where(follows, np.roll(numbers, 1), 0)
    out[order] = np.where(is_whole, numbers - last, numbers ^ last)


@kernel(f"void({INTS}, {INTS}, {_INDICES}, {_FLAGS}, {INTS}, int64[::1])", twin=_steps_numpy)
def steps(bounds: Ints, offsets: Ints, index: Indices, whole: Flags, bits: Ints, out: Ints) -> None:
    """The steps of n numbers of h histograms in c chunks.

    bounds (c + 1,): the histograms of each chunk. offsets (h + 1,): the numbers of each histogram. index (n,): the bucket of each,
    ascending within a histogram. whole (c,): whether a chunk's numbers are whole and below 2**53. bits (n,): the numbers, which are
    floats, as bits. out (n,): written; where the bucket was not there before, as if it had been 0.
    """
    floats = bits.view(np.float64)
    for chunk in range(len(whole)):
        earlier, earlier_end = 0, 0
        for row in range(bounds[chunk], bounds[chunk + 1]):
            at = earlier
            for one in range(offsets[row], offsets[row + 1]):
                while at < earlier_end and index[at] < index[one]:
                    at += 1
                is_known = at < earlier_end and index[at] == index[one]
                if whole[chunk]:
                    out[one] = np.int64(floats[one]) - (np.int64(floats[at]) if is_known else 0)
                else:
                    out[one] = bits[one] ^ (bits[at] if is_known else 0)
            earlier, earlier_end = offsets[row], offsets[row + 1]


def _unstep_numpy(bounds: Ints, offsets: Ints, index: Indices, whole: Flags, numbers: Ints, out: Floats) -> None:
    order, follows, is_whole = _chains(bounds, offsets, index, whole)
    told = numbers[order]
    starts = np.flatnonzero(~follows)
    chain = np.cumsum(~follows) - 1
    added, differing = np.cumsum(told), np.bitwise_xor.accumulate(told)
    added -= (added[starts] - told[starts])[chain]
    differing ^= (differing[starts] ^ told[starts])[chain]
    out[order] = np.where(is_whole, added, differing.view(np.float64))


@kernel(f"void({INTS}, {INTS}, {_INDICES}, {_FLAGS}, {INTS}, float64[::1])", twin=_unstep_numpy)
def unstep(bounds: Ints, offsets: Ints, index: Indices, whole: Flags, numbers: Ints, out: Floats) -> None:
    """The numbers of which `steps` gave these steps, to out (n,)."""
    bits = out.view(np.int64)
    for chunk in range(len(whole)):
        earlier, earlier_end = 0, 0
        for row in range(bounds[chunk], bounds[chunk + 1]):
            at = earlier
            for one in range(offsets[row], offsets[row + 1]):
                while at < earlier_end and index[at] < index[one]:
                    at += 1
                is_known = at < earlier_end and index[at] == index[one]
                if whole[chunk]:
                    out[one] = numbers[one] + (np.int64(out[at]) if is_known else 0)
                else:
                    bits[one] = numbers[one] ^ (bits[at] if is_known else 0)
            earlier, earlier_end = offsets[row], offsets[row + 1]
