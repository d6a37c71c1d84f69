"""Columns of an answer as NumPy arrays.

Arrow's own `to_numpy` and `array` import pandas when they are called first: 0.8 s of CPU that the first write or question after a
start would pay.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def array(column: Any) -> NDArray[Any]:
    """A copy of an Arrow column of numbers (n,), chunked or not, that has no nulls."""
    chunks = getattr(column, "chunks", [column])
    parts = [np.from_dlpack(chunk) for chunk in chunks]
    return np.concatenate(parts) if parts else np.empty(0, np.dtype(str(column.type)))


def column(kind: Any, values: NDArray[Any]) -> Any:
    """An Arrow column over the memory of (n,) numbers."""
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values).data)])
