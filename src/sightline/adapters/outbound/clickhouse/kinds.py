"""Columns from Python values, for rows that are few and wide, as probes and spans are: what `native` does for arrays.

A column has the plain type that is written here; where the table has another, as LowCardinality, the insert converts.

Source: https://clickhouse.com/docs/interfaces/formats/Native.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any, Final, Protocol

import numpy as np

from sightline.adapters.outbound.clickhouse.native import Block, Column, Pieces, in_bytes, in_text


class Kind(Protocol):
    """A type of ClickHouse's, by its name, and how values of it are written."""

    @property
    def name(self) -> str:
        """As ClickHouse calls it."""
        ...

    def written(self, values: Sequence[Any]) -> Pieces:
        """The bytes of a column."""
        ...


@dataclass(frozen=True, slots=True)
class _Text:
    name: str = "String"

    def written(self, values: Sequence[str]) -> Pieces:
        return [b"".join(map(in_text, values))]


@dataclass(frozen=True, slots=True)
class _Number:
    name: str
    dtype: str

    def written(self, values: Sequence[float]) -> Pieces:
        return [in_bytes(np.array(values, self.dtype), self.dtype)]


@dataclass(frozen=True, slots=True)
class Nullable:
    """Numbers, or None."""

    of: _Number

    @property
    def name(self) -> str:
        """As ClickHouse calls it."""
        return f"Nullable({self.of.name})"

    def written(self, values: Sequence[float | None]) -> Pieces:
        """The bytes of a column: which are None, and all of them, with a 0 for each of those."""
        absent = bytes(value is None for value in values)
        return [absent, *self.of.written([0 if value is None else value for value in values])]


@dataclass(frozen=True, slots=True)
class ListOf:
    """Lists, each of any length."""

    of: Kind

    @property
    def name(self) -> str:
        """As ClickHouse calls it."""
        return f"Array({self.of.name})"

    def written(self, values: Sequence[Sequence[Any]]) -> Pieces:
        """The bytes of a column: where each list ends, and all their values."""
        return [_ends(values), *self.of.written(list(chain.from_iterable(values)))]


@dataclass(frozen=True, slots=True)
class MapOf:
    """Mappings from texts, each with any number of them."""

    of: Kind

    @property
    def name(self) -> str:
        """As ClickHouse calls it."""
        return f"Map(String, {self.of.name})"

    def written(self, values: Sequence[Mapping[str, Any]]) -> Pieces:
        """The bytes of a column: where each ends, all their keys, and all their values."""
        items = list(chain.from_iterable(one.values() for one in values))
        return [_ends(values), *TEXT.written(list(chain.from_iterable(values))), *self.of.written(items)]


TEXT: Final = _Text()
UINT32: Final = _Number("UInt32", "<u4")
UINT64: Final = _Number("UInt64", "<u8")
INT64: Final = _Number("Int64", "<i8")
FLOAT64: Final = _Number("Float64", "<f8")
MILLISECONDS: Final = _Number("DateTime64(3, 'UTC')", "<i8")
NANOSECONDS: Final = _Number("DateTime64(9)", "<i8")


def block(columns: Mapping[str, Kind], rows: Iterable[Sequence[Any]]) -> Block:
    """At least one row, of which each has the values of the columns in their order."""
    values = list(zip(*rows, strict=True))
    return Block.of(
        *(
            Column(name, kind.name, len(of_column), kind.written(of_column))
            for (name, kind), of_column in zip(columns.items(), values, strict=True)
        )
    )


def _ends(values: Sequence[Any]) -> memoryview:
    return in_bytes(np.fromiter(accumulate(map(len, values)), "<u8", len(values)), "<u8")
