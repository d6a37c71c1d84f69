"""Rows on their way into a statement: columns in ClickHouse's Native format, in a file of memory that the engine reads.

Half as dear as an Arrow stream, 16 ms instead of 34 for 500,000 samples, and without pandas, whose import takes 0.8 s.

A block of the format is `columns varint | rows varint | per column: name, type, values`; texts are `bytes varint | UTF-8`,
all numbers little-endian.

Source: https://clickhouse.com/docs/interfaces/formats/Native.
"""

import os
import struct
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.outbound.clickhouse.map_column import map_values
from sightline.domain.metrics.span_table import Spans

Pieces = list[bytes | memoryview]

# LowCardinality: version 1, then each block's own dictionary (bit 9) with indices of 32 bits (2).
_KEYS_VERSION: Final = struct.pack("<Q", 1)
_OWN_KEYS_UINT32: Final = struct.pack("<Q", 1 << 9 | 2)
_SHORT: Final = 0x80  # a varint below it is one byte


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column of n rows: its name, ClickHouse's name of its type, and its values as the format wants them."""

    name: str
    type: str
    rows: int
    values: Pieces


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Columns of equally many rows; read as one block, whatever its size."""

    rows: int
    columns: tuple[Column, ...]

    @classmethod
    def of(cls, *columns: Column) -> "Block":
        """A block of these columns.

        Raises:
            ValueError: they differ in length.
        """
        (rows,) = {column.rows for column in columns}
        return cls(rows, columns)

    def pieces(self) -> Pieces:
        """The bytes of the block."""
        found: Pieces = [_varint(len(self.columns)) + _varint(self.rows)]
        for column in self.columns:
            found.append(in_text(column.name) + in_text(column.type))
            found.extend(column.values)
        return found


def uint64(name: str, values: NDArray[np.uint64]) -> Column:
    """A column of unsigned integers."""
    return Column(name, "UInt64", len(values), [in_bytes(values, "<u8")])


def uint32(name: str, values: NDArray[np.int64]) -> Column:
    """A column of integers below 2**32."""
    return Column(name, "UInt32", len(values), [in_bytes(values, "<u4")])


def uint16(name: str, values: NDArray[np.int64]) -> Column:
    """A column of integers below 2**16."""
    return Column(name, "UInt16", len(values), [in_bytes(values, "<u2")])


def uint8(name: str, values: NDArray[np.uint8] | NDArray[np.bool_]) -> Column:
    """A column of integers below 2**8."""
    return Column(name, "UInt8", len(values), [in_bytes(values, "u1")])


def int64(name: str, values: NDArray[np.int64]) -> Column:
    """A column of integers."""
    return Column(name, "Int64", len(values), [in_bytes(values, "<i8")])


def bytes_lists(name: str, offsets: NDArray[np.int64], data: NDArray[np.uint8]) -> Column:
    """A column of n lists of bytes: row i is data[offsets[i]:offsets[i + 1]]; offsets (n + 1,) begin at 0."""
    values: Pieces = [in_bytes(offsets[1:], "<u8"), in_bytes(data[: offsets[-1]], "u1")]
    return Column(name, "Array(UInt8)", len(offsets) - 1, values)


def lists(name: str, kind: str, offsets: NDArray[np.int64], items: NDArray[Any]) -> Column:
    """A column of n lists of numbers, of which ClickHouse's name is `kind`: row i is items[offsets[i]:offsets[i + 1]]."""
    values: Pieces = [in_bytes(offsets[1:], "<u8"), in_bytes(items, items.dtype.newbyteorder("<").str)]
    return Column(name, f"Array({kind})", len(offsets) - 1, values)


def instants(name: str, milliseconds: NDArray[np.int64]) -> Column:
    """A column of times, ms since 1970."""
    return Column(name, "DateTime64(3, 'UTC')", len(milliseconds), [in_bytes(milliseconds, "<i8")])


def words(name: str, index: NDArray[np.uint32], texts: Sequence[str]) -> Column:
    """A column of few distinct texts: `index` gives each row's among `texts`, of which each stands once."""
    keys = [_OWN_KEYS_UINT32, struct.pack("<Q", len(texts)), _texts(texts), struct.pack("<Q", len(index))]
    values: Pieces = [_KEYS_VERSION, *keys, in_bytes(index, "<u4")] if len(index) else []
    return Column(name, "LowCardinality(String)", len(index), values)


def maps(name: str, rows: Spans) -> Column:
    """A column of maps from text to text, given as the canonical bytes of label sets."""
    ends, names, values = map_values(rows)
    return Column(name, "Map(String, String)", len(ends), [in_bytes(ends, "<u8"), names, values])


@contextmanager
def spooled(block: Block) -> Iterator[str]:
    """The path of a file that holds the block; it is gone, with the memory it takes, when the context is left."""
    if sys.platform == "linux":
        file = os.memfd_create("sightline-rows")
        try:
            _write(file, block.pieces())
            yield f"/proc/self/fd/{file}"
        finally:
            os.close(file)
    else:
        with tempfile.NamedTemporaryFile(prefix="sightline-rows-") as named:
            _write(named.fileno(), block.pieces())
            yield named.name


def _write(file: int, pieces: Pieces) -> None:
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(file, rest) :]


def in_bytes(column: NDArray[Any], dtype: str) -> memoryview:
    """Numbers as the format wants them."""
    array: Any = np.ascontiguousarray(column, dtype=dtype)
    # A view of no bytes cannot be cast.
    return memoryview(array).cast("B") if array.size else memoryview(b"")


def _texts(texts: Sequence[str]) -> bytes:
    return b"".join([in_text(text) for text in texts])


def in_text(text: str) -> bytes:
    """A text as the format wants it; what no UTF-8 can hold, which strangers may send, becomes `?`."""
    encoded = text.encode("utf-8", "replace")
    return _varint(len(encoded)) + encoded


def _varint(value: int) -> bytes:
    if value < _SHORT:
        return value.to_bytes(1, "little")
    out = bytearray()
    while value >= _SHORT:
        out.append(value & (_SHORT - 1) | _SHORT)
        value >>= 7
    out.append(value)
    return bytes(out)
