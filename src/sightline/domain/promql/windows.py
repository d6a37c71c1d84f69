"""From samples to a vector through the windows of a selector, and from a vector back to samples: what a subquery gives."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.samples import STALE, SeriesColumns, stale_mask
from sightline.domain.promql.plan import Instants
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import SECOND, Grid


def over_windows(
    columns: SeriesColumns,
    at: Instants,
    width: int,
    kernel: Callable[..., None],
    extra: tuple[object, ...],
    resources: Resources,
) -> Vector:
    """Run a window kernel over all series, in parts; `extra` is what it takes between width and outputs. One column per instant."""
    rows = len(columns)
    out = np.empty((rows, at.points))
    present = np.empty((rows, at.points), np.bool_)

    def part(first: int, after: int) -> None:
        kernel(
            columns.offsets[first : after + 1],
            columns.times,
            columns.values,
            at.start,
            at.step,
            width,
            *extra,
            out[first:after],
            present[first:after],
        )

    resources.run(rows, part)
    return Vector(columns.labels, out, present)


def columns_of(vector: Vector, grid: Grid) -> SeriesColumns:
    """The elements of a vector as samples at the instants of its grid; series without any are left out, ids are all 0."""
    count = vector.present.sum(axis=1)
    rows = np.flatnonzero(count)
    there = vector.present[rows]
    return SeriesColumns(
        tuple(vector.labels[row] for row in rows.tolist()),
        np.zeros(len(rows), np.uint64),
        np.concatenate((np.zeros(1, np.int64), np.cumsum(count[rows]))),
        np.broadcast_to(grid.times(), there.shape)[there],
        vector.values[rows][there],
    )


def without_stale(columns: SeriesColumns) -> SeriesColumns:
    """The columns without stale markers, which range vectors skip; the same object when there are none."""
    stale = stale_mask(columns.values)
    return kept(columns, ~stale) if stale.any() else columns


def timestamps(columns: SeriesColumns) -> SeriesColumns:
    """The columns with each value replaced by its sample's time in seconds; stale markers stay."""
    values = np.where(stale_mask(columns.values), STALE, columns.times / SECOND)
    return SeriesColumns(columns.labels, columns.ids, columns.offsets, columns.times, values)


def kept(columns: SeriesColumns, keep: NDArray[np.bool_]) -> SeriesColumns:
    """The columns of the samples marked, without series that have none left."""
    before = np.concatenate(([0], np.cumsum(keep)))
    offsets = before[columns.offsets]
    rows = np.flatnonzero(np.diff(offsets))
    return SeriesColumns(
        tuple(columns.labels[row] for row in rows),
        columns.ids[rows],
        np.ascontiguousarray(np.append(offsets[rows], offsets[-1])),
        columns.times[keep],
        columns.values[keep],
    )


def in_order(columns: SeriesColumns) -> SeriesColumns:
    """The series in ascending order of labels."""
    order = sorted(range(len(columns)), key=columns.labels.__getitem__)
    if not order:
        return columns
    rows = np.array(order)
    begin, count = columns.offsets[rows], np.diff(columns.offsets)[rows]
    after = np.cumsum(count)
    samples = np.repeat(begin - (after - count), count) + np.arange(int(after[-1]))
    return SeriesColumns(
        tuple(columns.labels[row] for row in order),
        columns.ids[rows],
        np.concatenate((np.zeros(1, np.int64), after)),
        columns.times[samples],
        columns.values[samples],
    )
