"""NumPy columns as Arrow arrays, by their buffers.

`pyarrow.array` and `pyarrow.scalar` import pandas at their first call, 0.8 s that the first answer after a start would wait for.
"""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_buffer: Final[Any] = pa.py_buffer  # whose type stubs do not know NumPy's arrays
_TYPES: Final[dict[str, Any]] = {"float64": pa.float64(), "int64": pa.int64()}
_TEXT_LISTS: Final[Any] = pa.list_(pa.string())


def numbers(column: NDArray[Any]) -> Any:
    """A float64 or int64 column, without a copy where it lies in one piece."""
    whole = np.ascontiguousarray(column)
    return pa.Array.from_buffers(_TYPES[whole.dtype.name], len(whole), [None, _buffer(whole)])


def flags(column: NDArray[np.bool_]) -> Any:
    """A bool column."""
    packed = np.packbits(column, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(column), [None, _buffer(packed)])


def texts(values: Iterable[str]) -> pa.StringArray:
    """A column of texts."""
    encoded = [value.encode() for value in values]
    ends = np.fromiter(accumulate(map(len, encoded), initial=0), np.int32, len(encoded) + 1)
    return pa.StringArray.from_buffers(len(encoded), _buffer(ends), _buffer(b"".join(encoded)))


def text_lists(offsets: NDArray[np.int64], items: pa.StringArray) -> Any:
    """A column of lists of texts: list i has items[offsets[i]:offsets[i + 1]]."""
    ends = _buffer(offsets.astype(np.int32))
    return pa.Array.from_buffers(_TEXT_LISTS, len(offsets) - 1, [None, ends], children=[items])


def constant(text: str) -> Any:
    """One text that stands beside every row of a column."""
    return texts([text])[0]
