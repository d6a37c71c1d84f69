"""Samples put where those of their series belong, in one pass."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel

_INDEX: Final = "Array(uint32, 1, 'C', True)"


def _tally_numpy(index: NDArray[np.uint32], places: NDArray[np.uint32], counts: NDArray[np.int64]) -> None:
    counts += np.bincount(places[index], minlength=len(counts))


@kernel(f"void({_INDEX}, {_INDEX}, int64[::1])", twin=_tally_numpy)
def tally(index: NDArray[np.uint32], places: NDArray[np.uint32], counts: NDArray[np.int64]) -> None:
    """Add to counts (s,) how many of n samples each place gets; index (n,): whose a sample is, places (k,): where that one is."""
    for row in range(len(index)):
        counts[places[index[row]]] += 1


def _scatter_numpy(
    index: NDArray[np.uint32],
    places: NDArray[np.uint32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    offsets: NDArray[np.int64],
    cursors: NDArray[np.int64],
    out_times: NDArray[np.int64],
    out_values: NDArray[np.float64],
    disordered: NDArray[np.bool_],
) -> None:
    place = places[index]
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=len(cursors))
    before = np.cumsum(counts) - counts
    at = cursors[place[order]] + np.arange(len(order)) - before[place[order]]
    out_times[at] = times[order]
    out_values[at] = values[order]
    cursors += counts
    fell = (at > offsets[place[order]]) & (out_times[at - 1] >= out_times[at])
    disordered[place[order][fell]] = True


@kernel(
    f"void({_INDEX}, {_INDEX}, {INTS}, {FLOATS}, {INTS}, int64[::1], int64[::1], float64[::1], boolean[::1])",
    twin=_scatter_numpy,
)
def scatter(
    index: NDArray[np.uint32],
    places: NDArray[np.uint32],
    times: NDArray[np.int64],
    values: NDArray[np.float64],
    offsets: NDArray[np.int64],
    cursors: NDArray[np.int64],
    out_times: NDArray[np.int64],
    out_values: NDArray[np.float64],
    disordered: NDArray[np.bool_],
) -> None:
    """Write n samples behind those that their places have already, in the order in which they come.

    index (n,): whose a sample is; places (k,): where that one is. offsets (s + 1,): where the samples of each place begin in the
    outputs; cursors (s,): where its next one goes, moved. disordered (s,): marked where times do not ascend strictly.
    """
    for row in range(len(index)):
        place = places[index[row]]
        at = cursors[place]
        cursors[place] = at + 1
        time = times[row]
        out_times[at] = time
        out_values[at] = values[row]
        if at > offsets[place] and out_times[at - 1] >= time:
            disordered[place] = True
