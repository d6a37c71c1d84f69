"""Rows put into the order of their series, in one pass."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, UINTS, kernel

_PLACES: Final = "Array(uint32, 1, 'C', True)"


def _scatter_numpy(
    places: NDArray[np.uint32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    seqs: NDArray[np.uint64],
    starts: NDArray[np.int64],
    cursors: NDArray[np.int64],
    out_times: NDArray[np.int64],
    out_values: NDArray[np.float64],
    out_seqs: NDArray[np.uint64],
) -> bool:
    order = np.argsort(places, kind="stable")
    out_times[:] = times[order]
    out_values[:] = values[order]
    out_seqs[:] = seqs[order]
    cursors += np.bincount(places, minlength=len(starts))
    same = np.diff(places[order]) == 0
    return not bool((same & (out_times[1:] <= out_times[:-1])).any())


@kernel(
    f"boolean({_PLACES}, {INTS}, {FLOATS}, {UINTS}, {INTS}, int64[::1], int64[::1], float64[::1], uint64[::1])",
    twin=_scatter_numpy,
)
def scatter(
    places: NDArray[np.uint32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    seqs: NDArray[np.uint64],
    starts: NDArray[np.int64],
    cursors: NDArray[np.int64],
    out_times: NDArray[np.int64],
    out_values: NDArray[np.float64],
    out_seqs: NDArray[np.uint64],
) -> bool:
    """Write n rows where the rows of their series belong, each series' rows in the order they have; all columns are (n,).

    places: which series a row is of. starts (s,): where each series begins in the outputs; cursors (s,): the same, and where it
    ends, afterwards. Returns whether times ascend strictly within each series.
    """
    ascending = True
    for row in range(len(places)):
        place = places[row]
        at = cursors[place]
        cursors[place] = at + 1
        time = times[row]
        out_times[at] = time
        out_values[at] = values[row]
        out_seqs[at] = seqs[row]
        if at > starts[place] and out_times[at - 1] >= time:
            ascending = False
    return ascending
