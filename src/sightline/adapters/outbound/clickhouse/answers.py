"""Columns of an answer as NumPy arrays.

Arrow's own `to_numpy` imports pandas at its first call, 0.8 s of CPU that the first write or question after a start would pay.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def array(column: Any) -> NDArray[Any]:
    """A copy of an Arrow column of numbers (n,), chunked or not, that has no nulls."""
    chunks = getattr(column, "chunks", [column])
    parts = [np.from_dlpack(chunk) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty(0, np.dtype(str(column.type)))
