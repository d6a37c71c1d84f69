"""From when to when each group of rows reaches."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import INTS, kernel
from sightline.domain.timerange import MAX_TIME, MIN_TIME

_INDEX: Final = "Array(uint32, 1, 'C', True)"


def _extend_numpy(
    index: NDArray[np.uint32], times: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> None:
    np.minimum.at(first, index, times)
    np.maximum.at(last, index, times)


@kernel(f"void({_INDEX}, {INTS}, int64[::1], int64[::1])", twin=_extend_numpy)
def extend(
    index: NDArray[np.uint32], times: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> None:
    """Widen [first, last] (k,) of each group by the times (n,) of its rows; index (n,) says whose a row is."""
    for row in range(len(index)):
        group = index[row]
        time = times[row]
        first[group] = min(first[group], time)
        last[group] = max(last[group], time)


def extents(
    index: NDArray[np.uint32], times: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first and the last time (ms) of each of `groups` groups, int64; first > last for one without rows."""
    first = np.full(groups, MAX_TIME, np.int64)
    last = np.full(groups, MIN_TIME, np.int64)
    extend(index, times, first, last)
    return first, last
