"""Native histograms in aggregations: those that add them up, and those that take no notice of them."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.histogram_sums import divided, sums
from sightline.domain.promql.annotations import Annotations, Operation
from sightline.domain.promql.planes import floats, has_histograms, places, with_elements
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Vector

Rows = NDArray[np.int64]

ADDING: Final = frozenset({"sum", "avg"})
COUNTING: Final = frozenset({"count", "group", "limitk", "limit_ratio", "count_values"})
"""Aggregations to which a histogram is an element like any other; all that are in neither set see floats alone."""


def floats_seen(operator: str, vector: Vector, notes: Annotations, place: str) -> Vector:
    """What an aggregation of floats sees of a vector; with a remark if that is not all."""
    if operator in COUNTING or not has_histograms(vector):
        return vector
    notes.ignored_in_aggregation(operator, place)
    return floats(vector)


def with_sums(
    operator: str, vector: Vector, group: Rows, folded: Vector, notes: Annotations, place: str, resources: Resources
) -> Vector:
    """The sums, or means, of the floats of each group with those of its histograms beside them.

    group: int64 (s,), of each row of the vector; folded: of the floats, a row for each group. A group that has both at an instant
    has no value there.
    """
    if vector.histograms is None:
        return folded
    (rows, instants, number), pool = places(vector), vector.histograms.pool
    points = vector.values.shape[1]
    native = np.zeros(folded.present.shape, np.bool_)
    native[group[rows], instants] = True
    mixed = native & folded.present
    if mixed.any():
        notes.mixed_group(place)
        folded = replace(folded, present=folded.present & ~mixed)
    own = ~mixed[group[rows], instants]
    target = group[rows] * points + instants
    order = np.argsort(target, kind="stable")
    order = order[own[order]]
    if not len(order):
        return folded
    target = target[order]
    begins = np.flatnonzero(np.concatenate(([True], target[1:] != target[:-1])))
    cells = target[begins]
    buckets = np.diff(pool.positive.offsets) + np.diff(pool.negative.offsets)
    resources.allow_histograms(len(begins), int(buckets[number[order[begins]]].sum()))  # about
    total = sums(pool, number[order], np.append(begins, len(order)), np.ones(len(order)))
    if total.is_mixed.any():
        for row in np.unique(rows[order[begins[total.is_mixed]]]).tolist():
            notes.mixed_buckets(vector.labels[row].name, place)
    if total.is_reconciled.any():
        notes.reconciled_bounds(Operation.AGGREGATION, place)
    if total.is_conflicting.any():
        notes.conflicting_resets(Operation.AGGREGATION, place)
    found = total.histograms
    if operator == "avg":
        found = divided(found, np.diff(np.append(begins, len(order))).astype(np.float64))
    kept = np.flatnonzero(~total.is_mixed)
    if len(kept) < len(cells):
        found, cells = found.take(kept), cells[kept]
    return with_elements(folded, cells // points, cells % points, found)
