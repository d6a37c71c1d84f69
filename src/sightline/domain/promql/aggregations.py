"""The aggregation operators that fold each group into one value; and which rows fall into which group, for all of them."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from sightline.domain.kernels import reduce
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.promql.nodes import Grouping
from sightline.domain.promql.rows import grouped
from sightline.domain.promql.values import Vector

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


def fold(operator: str, vector: Vector, grouping: Grouping) -> Vector:
    """Fold the rows of each group into one, instant by instant; s rows become as many as there are groups."""
    group, keys = grouped(group_keys(vector.labels, grouping))
    out = np.empty((len(keys), vector.values.shape[1]))
    found = np.empty(out.shape, np.bool_)
    reduce.fold(vector.values, vector.present, group, FOLDS[operator], out, found)
    return Vector(tuple(keys), out, found)


def group_keys(labels: Iterable[Labels], grouping: Grouping) -> list[Labels]:
    """The labels of the group that each label set falls into."""
    if grouping.without:
        unwanted = frozenset({*grouping.labels, METRIC_NAME})
        return [Labels([pair for pair in one if pair[0] not in unwanted]) for one in labels]
    wanted = frozenset(grouping.labels)
    return [Labels([pair for pair in one if pair[0] in wanted]) for one in labels]
