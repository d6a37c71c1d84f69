"""count_values: how often each value occurs, the value becoming a label."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import Unprocessable
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.aggregations import group_keys
from sightline.domain.promql.native_text import distinct
from sightline.domain.promql.nodes import Grouping
from sightline.domain.promql.numerals import decimal
from sightline.domain.promql.planes import are_histograms, floats, places
from sightline.domain.promql.rows import grouped
from sightline.domain.promql.values import Vector

Rows = NDArray[np.int64]


def count_values(label: str, vector: Vector, grouping: Grouping, allow: Callable[[int, int], None]) -> Vector:
    """Of each group and distinct value the number of elements; `allow(rows, points)` may refuse the size of the result.

    A `without` that names the label takes it away again, as it does in Prometheus.

    Raises:
        Unprocessable: a label without a name.
    """
    if not label:
        raise Unprocessable(f'invalid label name "{label}"')
    group, keys = grouped(group_keys(vector.labels, grouping))
    points = vector.values.shape[1]
    rows, columns = np.nonzero(vector.present)
    if grouping.without and label in {*grouping.labels, METRIC_NAME}:
        labels, place = keys, group[rows]
    else:
        native = are_histograms(vector)[rows, columns]
        if native.any():
            return _with_histograms(label, vector, grouping, allow)
        labels, place = _told_apart(label, keys, group[rows], vector.values[rows, columns], points, allow)
    count = np.zeros((len(labels), points))
    np.add.at(count, (place, columns), 1.0)
    return Vector(tuple(labels), count, count > 0)


def _with_histograms(label: str, vector: Vector, grouping: Grouping, allow: Callable[[int, int], None]) -> Vector:
    """The counts of floats, and below them those of histograms by their texts."""
    of_floats = count_values(label, floats(vector), grouping, allow)
    if vector.histograms is None:
        return of_floats
    rows, columns, number = places(vector)
    group, keys = grouped(group_keys(vector.labels, grouping))
    used, again = np.unique(number, return_inverse=True)
    written, which = distinct(vector.histograms.pool.take(used))
    which = which[again.reshape(-1)]
    pairs, place = np.unique(group[rows] * len(written) + which, return_inverse=True)
    allow(len(pairs), vector.values.shape[1])
    labels = [
        Labels.of([*keys[pair // len(written)], (label, written[pair % len(written)])]) for pair in pairs.tolist()
    ]
    merged, names = grouped(labels)
    count = np.zeros((len(names), vector.values.shape[1]))
    np.add.at(count, (merged[place.reshape(-1)], columns), 1.0)
    return Vector(
        (*of_floats.labels, *names),
        np.concatenate((of_floats.values, count)),
        np.concatenate((of_floats.present, count > 0)),
    )


def _told_apart(
    label: str, keys: list[Labels], group: Rows, found: Values, points: int, allow: Callable[[int, int], None]
) -> tuple[list[Labels], Rows]:
    """The labels that groups and values make, and which of them each of the found values has."""
    found[np.isnan(found)] = np.nan  # one of the many
    distinct, number = np.unique(found.view(np.int64), return_inverse=True)
    pairs, place = np.unique(group * len(distinct) + number.reshape(-1), return_inverse=True)
    allow(len(pairs), points)
    texts = [decimal(value) for value in distinct.view(np.float64).tolist()]
    owners, values = np.divmod(pairs, max(len(distinct), 1))
    merged, labels = grouped(
        Labels.of([*keys[owner], (label, texts[value])])
        for owner, value in zip(owners.tolist(), values.tolist(), strict=True)
    )
    return labels, merged[place.reshape(-1)]
