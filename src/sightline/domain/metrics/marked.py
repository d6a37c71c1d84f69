"""Samples among which marks stand for native histograms: rows chosen or moved, and the histograms with them.

Kernels move values bit for bit and know nothing of histograms. Where there are some, they are given the numbers of samples in place
of values; where these come out is where the samples went.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.gather import settle
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, Values, mark_mask, picked

Rows = NDArray[np.int64]


def histograms_of(values: Values, histograms: Histograms, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Histograms:
    """The histograms of some samples, given by their rows in any order, or by which they are; one for each mark among them."""
    if not len(histograms):
        return NO_HISTOGRAMS
    marks = mark_mask(values)
    return histograms.take((np.cumsum(marks) - 1)[rows][marks[rows]])


def histograms_between(values: Values, histograms: Histograms, start: int, end: int) -> Histograms:
    """The histograms of the samples start <= row < end."""
    if not len(histograms):
        return NO_HISTOGRAMS
    first = int(np.count_nonzero(mark_mask(values[:start])))
    after = first + int(np.count_nonzero(mark_mask(values[start:end])))
    return histograms if after - first == len(histograms) else histograms.take(np.arange(first, after))


def numbered(counts: Sequence[int]) -> list[Values]:
    """For parts of so many samples the numbers of these, counted through all parts, each as the bits of a value."""
    ends = np.cumsum([0, *counts])
    return np.split(np.arange(ends[-1], dtype=np.int64).view(np.float64), ends[1:-1])


def restored(numbers: Values, values: Sequence[Values], histograms: Sequence[Histograms]) -> tuple[Values, Histograms]:
    """Values and histograms of samples that were moved as their numbers.

    numbers: float64 (n,), what came of those that `numbered` gave. values, histograms: of each part.
    """
    every = np.concatenate(values)
    moved = numbers.view(np.int64)
    found, marks = every[moved], mark_mask(every)
    return found, picked(histograms, (np.cumsum(marks) - 1)[moved[mark_mask(found)]])


def settled(
    disordered: NDArray[np.bool_], offsets: Rows, times: Rows, values: Values, histograms: Histograms
) -> tuple[Values, Histograms]:
    """As the kernel `settle`, of samples with histograms: offsets and times in place, values and histograms returned."""
    if not len(histograms):
        settle(disordered, offsets, times, values)
        return values[: offsets[-1]], NO_HISTOGRAMS
    (numbers,) = numbered([len(values)])
    settle(disordered, offsets, times, numbers)
    return restored(numbers[: offsets[-1]], [values], [histograms])
