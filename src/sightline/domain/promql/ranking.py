"""Aggregations by the order of values within each group: topk, bottomk, quantile; and those that just pick: limitk, limit_ratio."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import Unprocessable
from sightline.domain.labels import Labels, series_id
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.annotations import Annotations
from sightline.domain.promql.numerals import shortest
from sightline.domain.promql.rows import grouped, select
from sightline.domain.promql.values import Vector

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
Groups = NDArray[np.int64]

_INT64: Final = 2.0**63
_ABSENT: Final = 2


def top(vector: Vector, keys: list[Labels], count: Values, *, greatest: bool) -> Vector:
    """Of each group the elements with the greatest or least values, as many as `count`, float64 (p,), says: topk or bottomk.

    NaN comes last in both; of equal values the earlier rows stay.

    Raises:
        Unprocessable: a count that is no integer of 64 bits.
    """
    wanted = _counts(count)
    if not vector.labels or wanted is None:
        return _nothing(vector)
    group, _ = grouped(keys)
    sign = -1.0 if greatest else 1.0
    unlike = np.isnan(vector.values) + _ABSENT * ~vector.present
    order = _order(sign * vector.values, unlike, group)
    rank = _positions(np.sort(group))[:, None]
    kept = np.empty_like(vector.present)
    np.put_along_axis(kept, order, np.broadcast_to(rank < wanted, kept.shape), axis=0)
    return _among(vector, kept)


def quantile(vector: Vector, keys: list[Labels], q: Values, notes: Annotations, place: str) -> Vector:
    """The q-quantile of each group, interpolated between neighbours, NaN sorted first; q: float64 (p,)."""
    note_quantiles(q, notes, place)
    points = vector.values.shape[1]
    if not vector.labels:
        return vector
    group, labels = grouped(keys)
    there = vector.present
    unlike = np.where(there, 1 - np.isnan(vector.values), _ABSENT)
    ordered = np.take_along_axis(vector.values, _order(vector.values, unlike, group), axis=0)
    starts = np.flatnonzero(_positions(np.sort(group)) == 0)[:, None]
    count = np.zeros((len(labels), points), np.int64)
    np.add.at(count, group, there)
    valid = (q >= 0) & (q <= 1)
    rank = np.where(valid, q, 0.0) * np.maximum(count - 1, 0)
    lower = np.floor(rank).astype(np.int64)
    upper = np.minimum(lower + 1, np.maximum(count - 1, 0))
    weight = rank - lower
    columns = np.arange(points)
    values = ordered[starts + lower, columns] * (1 - weight) + ordered[starts + upper, columns] * weight
    outside = np.where(np.isnan(q), np.nan, np.where(q < 0, -np.inf, np.inf))
    return Vector(tuple(labels), np.where(valid, values, outside), count > 0)


def limit(vector: Vector, keys: list[Labels], count: Values) -> Vector:
    """The first elements of each group, as many as `count`, float64 (p,), says: limitk.

    Raises:
        Unprocessable: a count that is no integer of 64 bits.
    """
    wanted = _counts(count)
    if not vector.labels or wanted is None:
        return _nothing(vector)
    group, _ = grouped(keys)
    rows = np.argsort(group, kind="stable")
    before: Rows = np.cumsum(vector.present[rows], axis=0) - vector.present[rows]
    begin = np.arange(len(rows)) - _positions(group[rows])
    kept = np.empty_like(vector.present)
    kept[rows] = before - before[begin] < wanted
    return _among(vector, kept)


def sample(vector: Vector, ratio: Values, notes: Annotations, place: str) -> Vector:
    """About this share of the series, always the same ones: limit_ratio. A negative ratio gives the rest of 1 + ratio.

    Which ones is decided by the series id, a hash of the labels, so `limit_ratio(r, v)` and `limit_ratio(r - 1, v)` make up v.

    Raises:
        Unprocessable: a NaN.
    """
    if np.isnan(ratio).any():
        raise Unprocessable("Ratio value is NaN")
    for extreme in sorted({float(ratio.min()), float(ratio.max())}):
        if abs(extreme) > 1:
            notes.invalid_ratio(extreme, place)
    # 53 bits of it: more would round up to 1, which no ratio includes.
    share = np.array([(series_id(labels) >> 11) * 2.0**-53 for labels in vector.labels], np.float64)[:, None]
    kept = np.where(ratio >= 0, share < ratio, share >= 1.0 + ratio)
    return _among(vector, kept)


def note_quantiles(q: Values, notes: Annotations, place: str) -> None:
    """Warn of quantiles that are none: of the extremes, as aggregations do, where there are several."""
    if np.isnan(q).any():
        notes.invalid_quantile(np.nan, place)
    if (q < 0).any():
        notes.invalid_quantile(float(np.nanmin(q)), place)
    if (q > 1).any():
        notes.invalid_quantile(float(np.nanmax(q)), place)


def _counts(count: Values) -> Values | None:
    """How many elements to keep, whole numbers as float64 (p,); None where that is none anywhere, however far below one it is."""
    if (count < 1).all():
        return None
    if np.isnan(count).any():
        raise Unprocessable("Parameter value is NaN")
    least, most = float(count.min()), float(count.max())
    if least <= -_INT64:
        raise Unprocessable(f"Scalar value {shortest(least)} underflows int64")
    if most >= _INT64:
        raise Unprocessable(f"Scalar value {shortest(most)} overflows int64")
    return np.trunc(count)


def _order(values: Values, unlike: NDArray[np.int64], group: Groups) -> Rows:
    """The rows in order of group, then of `unlike`, then of value, instant by instant: int64 (s, p)."""
    if not group.any() and not unlike.any():
        return np.argsort(values, axis=0, kind="stable")
    return np.lexsort((values, unlike, np.broadcast_to(group[:, None], values.shape)), axis=0)


def _positions(group: Groups) -> Rows:
    """For rows in order of group, the position of each within its group."""
    row = np.arange(len(group))
    begins = np.concatenate(([True], group[1:] != group[:-1])) if len(group) else np.empty(0, np.bool_)
    return row - np.maximum.accumulate(np.where(begins, row, 0))


def _among(vector: Vector, kept: Mask) -> Vector:
    """The elements marked, without rows that have none left."""
    present = vector.present & kept
    rows = np.flatnonzero(present.any(axis=1))
    return select(replace(vector, present=present), rows)


def _nothing(vector: Vector) -> Vector:
    return select(vector, [])
