"""Native histograms among the elements of vectors: which elements they are, taken apart from floats and put beside each other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.native_histograms import Histograms, together
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Plane, Vector

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

FLOAT: Final = -1
"""What stands in a plane for an element that is no histogram."""


def are_histograms(vector: Vector) -> Mask:
    """Which elements are there and are histograms, bool (s, p)."""
    if vector.histograms is None:
        return np.zeros(vector.present.shape, np.bool_)
    there: Mask = vector.present & (vector.histograms.index != FLOAT)
    return there


def has_histograms(vector: Vector) -> bool:
    """Whether any element is one."""
    return vector.histograms is not None and bool(are_histograms(vector).any())


def floats(vector: Vector) -> Vector:
    """The vector without its histograms."""
    if vector.histograms is None:
        return vector
    return Vector(vector.labels, vector.values, vector.present & (vector.histograms.index == FLOAT))


def places(vector: Vector) -> tuple[Rows, Rows, Rows]:
    """The k histograms that are there: their rows, instants, and numbers in the pool, int64 (k,), in the order of rows."""
    rows, instants = np.nonzero(are_histograms(vector))
    if vector.histograms is None:
        return rows, instants, rows
    return rows, instants, vector.histograms.index[rows, instants]


def require_room(vector: Vector, resources: Resources) -> None:
    """Refuse to make a histogram of each that a vector has, if these are too many.

    Raises:
        TooManySamples: as `Resources.allow_histograms`.
    """
    if vector.histograms is None:
        return
    pool, number = vector.histograms.pool, vector.histograms.index[are_histograms(vector)]
    buckets = np.diff(pool.positive.offsets) + np.diff(pool.negative.offsets)
    resources.allow_histograms(len(number), int(buckets[number].sum()))


def elements(vector: Vector) -> tuple[Rows, Rows, Histograms]:
    """The k histograms that are there: their rows and instants, int64 (k,), and the histograms, in the order of rows."""
    rows, instants, number = places(vector)
    pool = Histograms.empty() if vector.histograms is None else vector.histograms.pool
    return rows, instants, pool.take(number)


def with_elements(vector: Vector, rows: Rows, instants: Rows, histograms: Histograms) -> Vector:
    """The vector with histograms at these places, which are there from now on; whatever else it has are floats."""
    if not len(rows):
        return replace(vector, histograms=None)
    index = np.full(vector.values.shape, FLOAT, np.int64)
    index[rows, instants] = np.arange(len(rows))
    present = vector.present.copy()
    present[rows, instants] = True
    return Vector(vector.labels, vector.values, present, Plane(index, histograms))


def taken(plane: Plane | None, rows: NDArray[np.int64] | Sequence[int]) -> Plane | None:
    """The plane of some rows."""
    return None if plane is None else Plane(plane.index[rows], plane.pool)


def stacked(vectors: Sequence[Vector]) -> Plane | None:
    """The plane of the rows of several vectors, one below the other."""
    return placed([(one, slice(None), slice(None)) for one in vectors], None)


def placed(
    parts: Sequence[tuple[Vector, NDArray[np.int64] | slice, slice]], shape: tuple[int, ...] | None
) -> Plane | None:
    """The plane of a vector of this shape that is made of others, each put into some of its rows and instants.

    Without a shape they stand one below the other, whatever their places.
    """
    if all(one.histograms is None for one, _, _ in parts):
        return None
    pools: list[Histograms] = []
    indexes: list[Rows] = []
    before = 0
    for one, _, _ in parts:
        if one.histograms is None:
            indexes.append(np.full(one.present.shape, FLOAT, np.int64))
            continue
        index = one.histograms.index
        indexes.append(np.where(index == FLOAT, FLOAT, index + before))
        pools.append(one.histograms.pool)
        before += len(one.histograms.pool)
    if shape is None:
        return Plane(np.concatenate(indexes), together(pools))
    whole = np.full(shape, FLOAT, np.int64)
    for (one, rows, columns), index in zip(parts, indexes, strict=True):
        if isinstance(rows, slice):
            whole[rows, columns] = np.where(one.present, index, FLOAT)
        else:
            row, column = np.nonzero(one.present)
            whole[:, columns][rows[row], column] = index[row, column]
    return Plane(whole, together(pools))


def compact(plane: Plane | None, present: Mask) -> Plane | None:
    """The plane with no more histograms than it needs; None where it needs none."""
    if plane is None:
        return None
    there = present & (plane.index != FLOAT)
    used, number = np.unique(plane.index[there], return_inverse=True)
    if not len(used):
        return None
    index = np.full(plane.index.shape, FLOAT, np.int64)
    index[there] = number.reshape(-1)
    return Plane(index, plane.pool.take(used))
