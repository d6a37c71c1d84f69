"""Where the values of a window are least and greatest."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import subroutine

Values = NDArray[np.float64]


@subroutine
def least_at(values: Values, low: int, after: int) -> int:
    """The position of the last of the least of values[low:after]; NaN gives way to anything."""
    best = low
    for i in range(low + 1, after):
        if values[i] <= values[best] or values[best] != values[best]:
            best = i
    return best


@subroutine
def greatest_at(values: Values, low: int, after: int) -> int:
    """The position of the last of the greatest of values[low:after]; NaN gives way to anything."""
    best = low
    for i in range(low + 1, after):
        if values[i] >= values[best] or values[best] != values[best]:
            best = i
    return best
