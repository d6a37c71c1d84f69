"""Rows that lie one behind the other."""

import numpy as np
from numpy.typing import NDArray


def spans(starts: NDArray[np.intp], lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """The row numbers start, start + 1, ... of each span, one span after the other: (k,), (k,) -> (sum of lengths,)."""
    ends = np.cumsum(lengths)
    if not len(ends):
        return np.empty(0, np.intp)
    rows: NDArray[np.intp] = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return rows
