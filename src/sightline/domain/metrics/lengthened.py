"""Columns that grow."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)


def lengthened(column: NDArray[_Scalar], length: int, fill: int = 0) -> NDArray[_Scalar]:
    """A copy of `length` rows, at least as many as there are; those behind are filled. Who grows a column doubles it."""
    # Zeros are memory that is not touched yet, and takes none before it is.
    longer = np.full(length, fill, column.dtype) if fill else np.zeros(length, column.dtype)
    longer[: len(column)] = column
    return longer
