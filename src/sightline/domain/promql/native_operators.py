"""Operators between native histograms, and between these and floats.

Source: https://prometheus.io/docs/prometheus/latest/querying/operators/#binary-operators.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.histogram_resets import are_same
from sightline.domain.metrics.histogram_sums import divided, scaled, sums
from sightline.domain.metrics.histogram_trims import trimmed
from sightline.domain.metrics.native_histograms import Histograms, ResetHint, together
from sightline.domain.promql.annotations import Annotations, Operation
from sightline.domain.promql.planes import FLOAT, are_histograms, elements, placed, with_elements
from sightline.domain.promql.signatures import TRIMS
from sightline.domain.promql.values import Plane, Vector

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

_OPERATIONS: Final = {"+": Operation.ADDITION, "-": Operation.SUBTRACTION}
_WORDS: Final = {True: "histogram", False: "float"}


def negated(vector: Vector) -> Vector:
    """The vector, of which the floats are negated already, with its histograms negated."""
    rows, instants, histograms = elements(vector)
    return with_elements(vector, rows, instants, scaled(histograms, np.full(len(rows), -1.0)))


def operated(operator: str, left: Vector, right: Vector, result: Vector, notes: Annotations, place: str) -> Vector:
    """What an operator gives between elements at the same places of two vectors, where any of them is a histogram.

    left, right: of the shape of the result; what is present in both is matched. result: of the floats, with what a comparison
    without `bool` keeps; its labels are kept.
    """
    of_left, of_right = are_histograms(left), are_histograms(right)
    matched = left.present & right.present
    both, either = of_left & of_right & matched, (of_left | of_right) & matched
    if operator in TRIMS:
        _tell_incompatible(operator, of_left, of_right, matched & ~(of_left & ~of_right), notes, place)
        return _trimmed(operator, left, right, result, matched & of_left & ~of_right)
    if not either.any():
        return replace(result, histograms=None)
    found = replace(result, present=result.present & ~either, histograms=None)
    rows, instants, made = np.empty(0, np.int64), np.empty(0, np.int64), Histograms.empty()
    taken = np.zeros(either.shape, np.bool_)
    if operator in _OPERATIONS and both.any():
        rows, instants, made = _added(operator, left, right, both, notes, place)
        taken = both
    elif operator in {"*", "/"}:
        taken = either & ~both & (of_left if operator == "/" else True)
        rows, instants = np.nonzero(taken)
        change = scaled if operator == "*" else divided
        by = np.where(of_left, right.values, left.values)[rows, instants]
        made = change(_at(left, right, of_left, rows, instants), by)
    _tell_incompatible(operator, of_left, of_right, matched & either & ~taken, notes, place)
    return with_elements(found, rows, instants, made)


def _trimmed(operator: str, left: Vector, right: Vector, result: Vector, where: Mask) -> Vector:
    found = replace(result, present=np.zeros_like(where), histograms=None)
    rows, instants = np.nonzero(where)
    if not len(rows) or left.histograms is None:
        return found
    own = left.histograms.pool.take(left.histograms.index[rows, instants])
    limits = np.broadcast_to(right.values, where.shape)[rows, instants]
    return with_elements(found, rows, instants, trimmed(own, limits, upper=operator == "</"))


def compared(
    operator: str,
    left: Vector,
    right: Vector,
    result: Vector,
    notes: Annotations,
    place: str,
    *,
    to_bool: bool,
) -> Vector:
    """The same for a comparison: `==` and `!=` of two histograms keep the left one, or with `bool` give 0 or 1."""
    of_left, of_right = are_histograms(left), are_histograms(right)
    matched = left.present & right.present
    both, either = of_left & of_right & matched, (of_left | of_right) & matched
    if not either.any():
        return replace(result, histograms=None)
    found = replace(result, present=result.present & ~either, histograms=None)
    comparable = both & (operator in {"==", "!="})
    _tell_incompatible(operator, of_left, of_right, either & ~comparable, notes, place)
    rows, instants = np.nonzero(comparable)
    if not len(rows) or left.histograms is None or right.histograms is None:
        return found
    one = left.histograms.pool.take(left.histograms.index[rows, instants])
    other = right.histograms.pool.take(right.histograms.index[rows, instants])
    holds = are_same(one, other) == (operator == "==")
    if not to_bool:
        kept = np.flatnonzero(holds)
        return with_elements(found, rows[kept], instants[kept], one.take(kept))
    values, present = found.values.copy(), found.present.copy()
    values[rows, instants], present[rows, instants] = holds, True
    return Vector(found.labels, values, present)


def _at(left: Vector, right: Vector, of_left: Mask, rows: Rows, instants: Rows) -> Histograms:
    """The histogram of either side."""
    plane = placed([(left, slice(None), slice(None)), (right, slice(None), slice(None))], None)
    if plane is None:
        return Histograms.empty()
    side = np.where(of_left[rows, instants], 0, len(left.labels))
    return plane.pool.take(plane.index[rows + side, instants])


def _added(
    operator: str, left: Vector, right: Vector, both: Mask, notes: Annotations, place: str
) -> tuple[Rows, Rows, Histograms]:
    rows, instants = np.nonzero(both)
    one, other = (_plane(side) for side in (left, right))
    pool = together([one.pool, other.pool])
    members = np.column_stack((one.index[rows, instants], other.index[rows, instants] + len(one.pool))).ravel()
    weights = np.tile([1.0, 1.0 if operator == "+" else -1.0], len(rows))
    total = sums(pool, members, np.arange(0, len(members) + 1, 2), weights)
    operation = _OPERATIONS[operator]
    kept = np.flatnonzero(~total.is_mixed)
    if len(kept) < len(rows):
        notes.incompatible_buckets(operator, place)
    if total.is_reconciled.any():
        notes.reconciled_bounds(operation, place)
    if total.is_conflicting[kept].any():
        notes.conflicting_resets(operation, place)
    found = total.histograms
    if operator == "-":
        found = replace(found, reset=np.full(len(found), ResetHint.GAUGE, np.uint8))
    return rows[kept], instants[kept], found if len(kept) == len(rows) else found.take(kept)


def _plane(side: Vector) -> Plane:
    return side.histograms or Plane(np.full(side.present.shape, FLOAT, np.int64), Histograms.empty())


def _tell_incompatible(
    operator: str, of_left: Mask, of_right: Mask, where: Mask, notes: Annotations, place: str
) -> None:
    for is_left, is_right in ((True, True), (True, False), (False, True), (False, False)):
        if (where & (of_left == is_left) & (of_right == is_right)).any():
            notes.incompatible_types(_WORDS[is_left], operator, _WORDS[is_right], place)
