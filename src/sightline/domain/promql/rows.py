"""Rows of a vector and their labels: dropping names, grouping rows by label sets, folding rows of equal labels into one."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import VectorMatchingFailed
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.label_sets import LabelSets, remembered
from sightline.domain.promql.planes import placed, taken
from sightline.domain.promql.values import Vector

_Key = TypeVar("_Key", bound=Hashable)
_TYPE: Final = frozenset({"__type__", "__unit__"})
METADATA: Final = frozenset({METRIC_NAME, *_TYPE})
"""The labels that say what a metric is: what is worked out from its values is no longer that, and loses them."""
_RESERVED: Final = "__"


def without_name(labels: Labels) -> Labels:
    """The labels without the metric name, and without its type and unit where these are labels."""
    if labels and labels[0][0] == METRIC_NAME:  # true but for labels that begin with a capital
        if _has_name_alone(labels):
            return Labels(labels[1:])
        return labels.drop(METADATA)
    return labels.drop(METADATA) if any(name in METADATA for name, _ in labels) else labels


def _has_name_alone(labels: Labels) -> bool:
    """Whether labels that begin with the name have neither type nor unit, which would stand right after it."""
    return len(labels) == 1 or not labels[1][0].startswith(_RESERVED)


def is_typed(labels: Labels) -> bool:
    """Whether a metric's type or unit is among the labels."""
    return any(name in _TYPE for name, _ in labels)


def without_names(labels: Sequence[Labels]) -> LabelSets:
    """Each without the metric name."""
    return remembered(labels, "without names", lambda: LabelSets([without_name(one) for one in labels]))


def metric_names(labels: Sequence[Labels]) -> frozenset[str]:
    """The names of the metrics that these are series of; that of a series without a name is empty."""
    return remembered(labels, "metric names", lambda: frozenset([one.name for one in labels]))


def are_one_metric(labels: Sequence[Labels]) -> bool:
    """Whether these series differ in other labels than those that `without_name` takes away."""
    return remembered(labels, "one metric", lambda: len({_metadata(one) for one in labels}) <= 1)


def _metadata(labels: Labels) -> str | tuple[tuple[str, str], ...]:
    """What `without_name` takes away."""
    if labels and labels[0][0] == METRIC_NAME and _has_name_alone(labels):
        return labels[0][1]
    return tuple([pair for pair in labels if pair[0] in METADATA])


def drop_names(vector: Vector) -> Vector:
    """The vector without metric names, rows of then equal labels folded into one.

    Raises:
        VectorMatchingFailed: two of them have a value at the same instant.
    """
    renamed = Vector(without_names(vector.labels), vector.values, vector.present, vector.histograms)
    return renamed if are_one_metric(vector.labels) else unique(renamed)


def unique(vector: Vector) -> Vector:
    """The vector with rows of equal labels folded into one: series that follow one another in time.

    Raises:
        VectorMatchingFailed: two of them have a value at the same instant.
    """
    if len(set(vector.labels)) == len(vector.labels):
        return vector
    group, labels = grouped(vector.labels)
    present = np.zeros((len(labels), vector.values.shape[1]), np.int64)
    np.add.at(present, group, vector.present)
    if (present > 1).any():
        twice = labels[int(np.flatnonzero((present > 1).any(axis=1))[0])]
        raise VectorMatchingFailed("vector cannot contain metrics with the same labelset", labels=dict(twice))
    values = np.zeros(present.shape)
    rows, columns = np.nonzero(vector.present)
    values[group[rows], columns] = vector.values[rows, columns]
    return Vector(tuple(labels), values, present > 0, placed([(vector, group, slice(None))], present.shape))


def interleaved(parts: Sequence[Vector], points: int, allow: Callable[[int, int], None]) -> Vector:
    """One vector of so many instants from m vectors, of which the n-th has the instants n, n + m, n + 2m ...

    `allow(rows, points)` may refuse its size.
    """
    group, labels = grouped(one for part in parts for one in part.labels)
    allow(len(labels), points)
    values, present = np.zeros((len(labels), points)), np.zeros((len(labels), points), np.bool_)
    after = 0
    places = []
    for number, part in enumerate(parts):
        rows = group[after : after + len(part.labels)]
        values[rows, number :: len(parts)], present[rows, number :: len(parts)] = part.values, part.present
        after += len(rows)
        places.append((part, rows, slice(number, None, len(parts))))
    return Vector(tuple(labels), values, present, placed(places, present.shape))


def grouped(keys: Iterable[_Key]) -> tuple[NDArray[np.int64], list[_Key]]:
    """Number the distinct keys in order of appearance: the number of each key given, int64, and the distinct keys."""
    number: dict[_Key, int] = {}
    group = np.fromiter((number.setdefault(key, len(number)) for key in keys), np.int64)
    return group, list(number)


def select(vector: Vector, rows: NDArray[np.int64] | Sequence[int]) -> Vector:
    """The vector of some rows, in the order given."""
    labels = tuple(vector.labels[row] for row in rows)
    return Vector(labels, vector.values[rows], vector.present[rows], taken(vector.histograms, rows))
