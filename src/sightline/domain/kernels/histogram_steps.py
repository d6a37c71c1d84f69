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


def _steps_numpy(bounds: Ints, offsets: Ints, index: Indices, whole: Flags, bits: Ints, out: Ints) -> None:
    for chunk in range(len(whole)):
        before: dict[int, int] = {}
        for row in range(bounds[chunk], bounds[chunk + 1]):
            own = slice(offsets[row], offsets[row + 1])
            numbers = bits[own].view(np.float64).astype(np.int64) if whole[chunk] else bits[own]
            last = np.array([before.get(one, 0) for one in index[own].tolist()], np.int64)
            out[own] = numbers - last if whole[chunk] else numbers ^ last
            before = dict(zip(index[own].tolist(), numbers.tolist(), strict=True))


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
    for chunk in range(len(whole)):
        before: dict[int, int] = {}
        for row in range(bounds[chunk], bounds[chunk + 1]):
            own = slice(offsets[row], offsets[row + 1])
            last = np.array([before.get(one, 0) for one in index[own].tolist()], np.int64)
            found = numbers[own] + last if whole[chunk] else numbers[own] ^ last
            out[own] = found if whole[chunk] else found.view(np.float64)
            before = dict(zip(index[own].tolist(), found.tolist(), strict=True))


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
