"""The order in which the elements of an answer stand: by labels, or as an instant query asks by sort, topk and their kin."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from sightline.domain.labels import Labels
from sightline.domain.metrics.label_sets import remembered
from sightline.domain.promql.aggregations import group_keys
from sightline.domain.promql.nodes import Aggregation, Call, Node, Text
from sightline.domain.promql.rows import grouped, select
from sightline.domain.promql.values import Vector

BY_VALUE: Final[Mapping[str, bool]] = {"sort": False, "sort_desc": True}
BY_LABEL: Final[Mapping[str, bool]] = {"sort_by_label": False, "sort_by_label_desc": True}
"""The sorting functions, and whether they sort downwards."""
SORTS: Final = frozenset({*BY_VALUE, *BY_LABEL})

_BY_RANK: Final[Mapping[str, bool]] = {"bottomk": False, "topk": True}
_CHUNK: Final = re.compile(r"\d+|\D+", re.ASCII)

Key = Callable[[int], Any]


def by_labels(vector: Vector) -> Vector:
    """The rows that have a value, in ascending order of labels."""
    rows = np.flatnonzero(vector.present.any(axis=1))
    if not _ascend(vector.labels):
        return select(vector, sorted(rows.tolist(), key=vector.labels.__getitem__))
    return vector if len(rows) == len(vector.labels) else select(vector, rows)


def _ascend(labels: Sequence[Labels]) -> bool:
    return remembered(labels, "ascending", lambda: all(one <= other for one, other in pairwise(labels)))


def order(root: Node, vector: Vector) -> list[int] | None:
    """The rows of an instant's vector in the order that the root of the query asks for; None when it asks for none.

    `vector` has one instant, and its rows are in order of labels.
    """
    rows = range(len(vector.labels))
    match root:
        case Call() if root.function in BY_VALUE:
            return sorted(rows, key=_by_value(vector, down=BY_VALUE[root.function]))
        case Call() if root.function in BY_LABEL:
            names = [one.value for one in root.arguments[1:] if isinstance(one, Text)]
            down = BY_LABEL[root.function]
            return sorted(rows, key=lambda row: _by_labels(vector.labels[row], names), reverse=down)
        case Aggregation() if root.operator in _BY_RANK:
            value = _by_value(vector, down=_BY_RANK[root.operator])
            group = grouped(group_keys(vector.labels, root.grouping))[0].tolist()
            return sorted(rows, key=lambda row: (group[row], value(row)))
        case _:
            return None


def _by_value(vector: Vector, *, down: bool) -> Key:
    """By value, NaN last in either direction."""
    values = vector.values[:, 0]
    nan = np.isnan(values).tolist()
    numbers = (-values if down else values).tolist()
    return lambda row: (True, 0.0) if nan[row] else (False, numbers[row])


def _by_labels(labels: Labels, names: Sequence[str]) -> tuple[Any, ...]:
    """By the values of some labels, numbers within them by size, then by all labels."""
    return (*(_natural(labels.get(name)) for name in names), labels)


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(one), one) if one.isdigit() else (1, 0, one) for one in _CHUNK.findall(text)]
