"""The aggregation operators that fold each group into one value; and which rows fall into which group, for all of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels import reduce
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.label_sets import LabelSets, remembered
from sightline.domain.promql import native_aggregations
from sightline.domain.promql.annotations import Annotations
from sightline.domain.promql.nodes import Grouping
from sightline.domain.promql.planes import floats, has_histograms
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.rows import grouped
from sightline.domain.promql.values import Vector

Groups = NDArray[np.int64]

FOLDS: Final[Mapping[str, int]] = {
    "sum": reduce.SUM,
    "avg": reduce.AVG,
    "min": reduce.MIN,
    "max": reduce.MAX,
    "count": reduce.COUNT,
    "stddev": reduce.STDDEV,
    "stdvar": reduce.STDVAR,
    "group": reduce.ONE,
}
"""The operators, and their numbers in kernels/reduce.py."""


def fold(
    operator: str,
    vector: Vector,
    grouping: Grouping,
    resources: Resources,
    notes: Annotations | None = None,
    place: str = "",
) -> Vector:
    """Fold the rows of each group into one, instant by instant; s rows become as many as there are groups."""
    group, keys = groups(vector.labels, grouping)
    if not has_histograms(vector):
        return _folded(operator, vector, group, keys, resources)
    notes = notes or Annotations()
    if operator in native_aggregations.ADDING:
        found = _folded(operator, floats(vector), group, keys, resources)
        return native_aggregations.with_sums(operator, vector, group, found, notes, place, resources)
    seen = native_aggregations.floats_seen(operator, vector, notes, place)
    return _folded(operator, seen, group, keys, resources)


def _folded(operator: str, vector: Vector, group: Groups, keys: LabelSets, resources: Resources) -> Vector:
    function, points = FOLDS[operator], vector.values.shape[1]
    folded = reduce.state(function, len(keys), points)

    def part(first: int, after: int) -> None:
        reduce.accumulate(vector.values, vector.present, group, function, first, after, folded)

    resources.run(points, part)
    return Vector(keys, *reduce.finished(function, folded))


def groups(labels: Sequence[Labels], grouping: Grouping) -> tuple[NDArray[np.int64], LabelSets]:
    """Which group each of s label sets falls into, int64 (s,), and the labels of the groups by number. Nobody changes them."""
    return remembered(labels, grouping, lambda: _numbered(labels, grouping))


def _numbered(labels: Sequence[Labels], grouping: Grouping) -> tuple[NDArray[np.int64], LabelSets]:
    group, keys = grouped(group_keys(labels, grouping))
    return group, LabelSets(keys)


def group_keys(labels: Iterable[Labels], grouping: Grouping) -> list[Labels]:
    """The labels of the group that each label set falls into."""
    if grouping.without:
        unwanted = frozenset({*grouping.labels, METRIC_NAME})
        return [Labels([pair for pair in one if pair[0] not in unwanted]) for one in labels]
    wanted = frozenset(grouping.labels)
    return [Labels([pair for pair in one if pair[0] in wanted]) for one in labels]
