"""Binary operations: numbers with numbers, vectors with numbers, and vectors with vectors, element by matching element."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import Unprocessable, VectorMatchingFailed
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Values
from sightline.domain.promql import native_operators
from sightline.domain.promql.aggregations import group_keys
from sightline.domain.promql.annotations import Annotations
from sightline.domain.promql.format import label_set
from sightline.domain.promql.nodes import NO_FILL, Cardinality, Fill, Grouping, Matching
from sightline.domain.promql.planes import stacked, taken
from sightline.domain.promql.rows import drop_names, grouped, select, unique, without_name
from sightline.domain.promql.signatures import TRIMS
from sightline.domain.promql.values import Vector

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
Remarks = tuple[Annotations, str]
"""Where remarks go, and the place that they are about."""

ARITHMETIC: Final[Mapping[str, Callable[[Values, Values], Values]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISON: Final[Mapping[str, Callable[[Values, Values], Mask]]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
SET: Final = frozenset({"and", "or", "unless"})


def _any_size(_rows: int, _points: int) -> None:
    """Allow a result, however large."""


def of_numbers(operator: str, left: Values, right: Values) -> Values:
    """Element by element; a comparison gives 0 or 1.

    Raises:
        Unprocessable: an operator of histograms.
    """
    if operator in TRIMS:
        raise Unprocessable(f'operator "{operator}" not allowed for Scalar operations')
    if operator in ARITHMETIC:
        return ARITHMETIC[operator](left, right)
    return COMPARISON[operator](left, right).astype(np.float64)


def with_scalar(
    operator: str, vector: Vector, scalar: Values, *, swapped: bool, to_bool: bool, remarks: Remarks | None = None
) -> Vector:
    """A vector with one number per instant, float64 (p,); `swapped` when the number stands on the left.

    A comparison without `to_bool` keeps the elements, with their names, for which it holds. A trim keeps names, too; everything
    else drops them.
    """
    number = np.broadcast_to(scalar, vector.values.shape)
    left, right = (number, vector.values) if swapped else (vector.values, number)
    if operator in COMPARISON and not to_bool:
        result = Vector(vector.labels, vector.values, vector.present & COMPARISON[operator](left, right))
    elif operator in TRIMS:
        result = vector
    else:
        result = Vector(vector.labels, of_numbers(operator, left, right), vector.present)
    if vector.histograms is not None or operator in TRIMS:
        other = Vector(vector.labels, number, vector.present)
        sides = (other, vector) if swapped else (vector, other)
        result = _with_histograms(operator, *sides, result, to_bool=to_bool, remarks=remarks)
    return result if _keeps_name(operator, to_bool=to_bool) else drop_names(result)


def _keeps_name(operator: str, *, to_bool: bool) -> bool:
    return operator in TRIMS or (operator in COMPARISON and not to_bool)


def _with_histograms(
    operator: str, left: Vector, right: Vector, result: Vector, *, to_bool: bool, remarks: Remarks | None
) -> Vector:
    """The result of the floats with what the operator gives for histograms."""
    remarks = remarks or (Annotations(), "")
    if operator in COMPARISON:
        return native_operators.compared(operator, left, right, result, *remarks, to_bool=to_bool)
    return native_operators.operated(operator, left, right, result, *remarks)


def signatures(labels: Iterable[Labels], matching: Matching) -> list[Labels]:
    """What elements are matched by: the labels of `on`, or all but the name and those of `ignoring`."""
    return group_keys(labels, Grouping(matching.labels, without=not matching.on))


def of_sets(
    operator: str, left: Vector, right: Vector, matching: Matching, allow: Callable[[int, int], None] = _any_size
) -> Vector:
    """`and`, `or`, `unless`: elements of the left (for `or` the right too) whose signature is, or is not, on the other side.

    `allow(rows, points)` may refuse the size of the result.
    """
    group, keys = grouped([*signatures(left.labels, matching), *signatures(right.labels, matching)])
    left_group, right_group = group[: len(left.labels)], group[len(left.labels) :]
    if operator == "or":
        extra = right.present & ~_covered(left, left_group, len(keys))[right_group]
        rows = np.flatnonzero(extra.any(axis=1))
        if not len(rows):
            return left
        allow(len(left.labels) + len(rows), extra.shape[1])
        return unique(
            Vector(
                (*left.labels, *[right.labels[row] for row in rows.tolist()]),
                np.concatenate((left.values, right.values[rows])),
                np.concatenate((left.present, extra[rows])),
                stacked([left, select(right, rows)]),
            )
        )
    there = _covered(right, right_group, len(keys))[left_group]
    return replace(left, present=left.present & (there if operator == "and" else ~there))


def _covered(vector: Vector, group: Rows, groups: int) -> Mask:
    """Which groups have a value at which instants: bool (groups, p)."""
    covered = np.zeros((groups, vector.values.shape[1]), np.bool_)
    np.logical_or.at(covered, group, vector.present)
    return covered


def of_vectors(  # noqa: PLR0913 - what was written, and what it may cost
    operator: str,
    left: Vector,
    right: Vector,
    matching: Matching,
    *,
    to_bool: bool,
    fill: Fill = NO_FILL,
    allow: Callable[[int, int], None] = _any_size,
    remarks: Remarks | None = None,
) -> Vector:
    """Arithmetic or comparison between the elements that match; an element that has no counterpart may be given one by `fill`.

    As in Prometheus the left fill stands for an element of the "many" side, also where that is the right one.

    `allow(rows, points)` may refuse the size of the result.

    Raises:
        VectorMatchingFailed: an element has more than one counterpart at an instant where the modifiers allow one.
    """
    swapped = matching.cardinality is Cardinality.ONE_TO_MANY
    many, one = (right, left) if swapped else (left, right)
    group, keys = grouped([*signatures(many.labels, matching), *signatures(one.labels, matching)])
    many_group, one_group = group[: len(many.labels)], group[len(many.labels) :]
    both: Mask = np.logical_or.reduce(one.present, axis=0)
    if not fill:
        both &= np.logical_or.reduce(many.present, axis=0)
    _require_unique(one, one_group, both, keys, "left" if swapped else "right")
    if fill:
        many_there, one_there = _covered(many, many_group, len(keys)), _covered(one, one_group, len(keys))
        many, many_group = _filled(many, many_group, keys, fill.left, one_there & ~many_there)
        one, one_group = _filled(one, one_group, keys, fill.right, many_there & ~one_there)
    many_rows, one_rows = _pairs(many_group, one_group)
    allow(len(many_rows), many.values.shape[1])
    matched = many.present[many_rows] & one.present[one_rows]
    keeps_name = _keeps_name(operator, to_bool=to_bool)
    labels = [
        _result_labels(many.labels[i], one.labels[j], matching, keeps_name=keeps_name)
        for i, j in zip(many_rows.tolist(), one_rows.tolist(), strict=True)
    ]
    _require_single(labels, many_group[many_rows], matched, matching)
    a, b = many.values[many_rows], one.values[one_rows]
    first, second = (b, a) if swapped else (a, b)
    if operator in COMPARISON and not to_bool:  # the left side's value, whichever side is the many
        result = Vector(tuple(labels), first, matched & COMPARISON[operator](first, second))
    elif operator in TRIMS:
        result = Vector(tuple(labels), first, matched)
    else:
        result = Vector(tuple(labels), of_numbers(operator, first, second), matched)
    if many.histograms is not None or one.histograms is not None or operator in TRIMS:
        sides = [
            Vector(result.labels, side.values[rows], matched, taken(side.histograms, rows))
            for side, rows in ((many, many_rows), (one, one_rows))
        ]
        sides = sides[::-1] if swapped else sides
        result = _with_histograms(operator, sides[0], sides[1], result, to_bool=to_bool, remarks=remarks)
    return unique(result)


def _filled(vector: Vector, group: Rows, keys: list[Labels], value: float | None, missing: Mask) -> tuple[Vector, Rows]:
    """The vector and its groups, with an element of this value, under the matched labels alone, where one is missing."""
    rows = np.flatnonzero(missing.any(axis=1))
    if value is None or not len(rows):
        return vector, group
    added = Vector(
        tuple([keys[row] for row in rows.tolist()]), np.full((len(rows), missing.shape[1]), value), missing[rows]
    )
    return Vector(
        (*vector.labels, *added.labels),
        np.concatenate((vector.values, added.values)),
        np.concatenate((vector.present, added.present)),
        stacked([vector, added]),
    ), np.concatenate((group, rows))


def _pairs(many_group: Rows, one_group: Rows) -> tuple[Rows, Rows]:
    """All pairs of rows in the same group; the rows of a pair at the same place of both arrays."""
    order = np.argsort(one_group, kind="stable")
    ordered = one_group[order]
    begin, end = np.searchsorted(ordered, many_group, side="left"), np.searchsorted(ordered, many_group, side="right")
    count = end - begin
    many_rows = np.repeat(np.arange(len(many_group)), count)
    within = np.arange(len(many_rows)) - np.repeat(np.cumsum(count) - count, count)
    return many_rows, order[np.repeat(begin, count) + within]


def _result_labels(many: Labels, one: Labels, matching: Matching, *, keeps_name: bool) -> Labels:
    """The labels of a result: those of the many side, or the matched ones alone when both sides are one."""
    labels = many if keeps_name else without_name(many)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        return labels.keep(matching.labels) if matching.on else labels.drop(matching.labels)
    if not matching.include:
        return labels
    taken = {name: one.get(name) for name in matching.include}
    return Labels.of([*labels.drop(taken), *taken.items()])


def _require_unique(one: Vector, group: Rows, both: Mask, keys: list[Labels], side: str) -> None:
    """Refuse two elements of the "one" side in one group at an instant where both sides have elements at all."""
    rows = np.flatnonzero(np.bincount(group, minlength=len(keys))[group] > 1)
    if not len(rows):
        return
    count = np.zeros((len(keys), len(both)), np.int64)
    np.add.at(count, group[rows], one.present[rows] & both)
    if not (count > 1).any():
        return
    key, instant = (int(found[0]) for found in np.nonzero(count > 1))
    first, second = [one.labels[row] for row in rows if group[row] == key and one.present[row, instant]][:2]
    message = (
        f"found duplicate series for the match group {label_set(keys[key])} on the {side} hand-side of the operation:"
        f" [{label_set(second)}, {label_set(first)}];many-to-many matching not allowed: matching labels must be unique on one side"
    )
    raise VectorMatchingFailed(message, group=dict(keys[key]), side=side)


def _require_single(labels: list[Labels], group: Rows, present: Mask, matching: Matching) -> None:
    """Refuse two results for one element: by group when both sides are one, else by the result's labels within a group.

    Those that a comparison leaves out count as well.
    """
    one_to_one = matching.cardinality is Cardinality.ONE_TO_ONE
    groups = group.tolist()
    key, keys = grouped(groups if one_to_one else zip(groups, labels, strict=True))
    if len(keys) == len(labels):
        return
    count = np.zeros((len(keys), present.shape[1]), np.int64)
    np.add.at(count, key, present)
    if (count > 1).any():
        reason = (
            "many-to-one matching must be explicit (group_left/group_right)"
            if one_to_one
            else "grouping labels must ensure unique matches"
        )
        message = f"multiple matches for labels: {reason}"
        raise VectorMatchingFailed(message)
