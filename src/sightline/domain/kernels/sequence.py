"""What the order of a window's samples tells: how often the value changed or fell, and where it was least or greatest last."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import subroutine

Values = NDArray[np.float64]


@subroutine
def changes_of(values: Values, low: int, after: int) -> int:
    """How many of values[low:after] differ from the one before; NaN does not differ from NaN."""
    count = 0
    for i in range(low + 1, after):
        both_nan = values[i] != values[i] and values[i - 1] != values[i - 1]
        if values[i] != values[i - 1] and not both_nan:
            count += 1
    return count


@subroutine
def resets_of(values: Values, low: int, after: int) -> int:
    """How many of values[low:after] are less than the one before."""
    count = 0
    for i in range(low + 1, after):
        if values[i] < values[i - 1]:
            count += 1
    return count


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
