"""Windows over series that have native histograms among their samples.

What a function makes of floats, of histograms and of both in one window is Prometheus' (promql/functions.go). The kernels of floats
stay what they are: they are given the floats alone, or numbers that stand for histograms.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.histogram_resets import are_same, were_reset
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.samples import SeriesColumns, Values, stale_mask
from sightline.domain.promql.annotations import Annotations
from sightline.domain.promql.native_changes import LINEAR, Part, Remarks
from sightline.domain.promql.planes import FLOAT
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Plane, Vector
from sightline.domain.promql.windows import Windowed

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

SELECTOR: Final = ""
"""In place of a function: an instant selector."""
_PICKS: Final = frozenset({SELECTOR, "first_over_time", "last_over_time"})
_COUNTS: Final = frozenset({"count_over_time", "present_over_time", "ts_of_first_over_time", "ts_of_last_over_time"})


def vector(windowed: Windowed, function: str, notes: Annotations, place: str, resources: Resources) -> Vector:
    """The value of each series at each instant, as `Windowed.vector` gives it where there are no histograms."""
    if function in _PICKS:
        return _picked(windowed, resources)
    columns = windowed.columns
    if function in _COUNTS:
        return replace(windowed, columns=_with_values(columns, columns.values)).vector(resources)
    if function in _STEPS:
        return replace(windowed, columns=_with_values(columns, _STEPS[function](columns))).vector(resources)
    found = replace(windowed, columns=floats_of(columns)).vector(resources)
    part = Part.of(windowed)
    if function in LINEAR:
        return LINEAR[function](part, found, Remarks(notes, place, part.columns), resources)
    for row in np.flatnonzero(((part.floats > 0) & (part.histograms > 0)).any(axis=1)).tolist():
        notes.ignored_histograms(part.columns.labels[row].name, place)
    return found


def floats_of(columns: SeriesColumns) -> SeriesColumns:
    """The same series without their histograms; some may have no sample left."""
    if not len(columns.histograms):
        return columns
    keep = ~mark_mask(columns.values)
    before = np.append(0, np.cumsum(keep))
    return SeriesColumns(
        columns.labels, columns.ids, before[columns.offsets], columns.times[keep], columns.values[keep]
    )


def _with_values(columns: SeriesColumns, values: Values) -> SeriesColumns:
    return SeriesColumns(columns.labels, columns.ids, columns.offsets, columns.times, values)


def _picked(windowed: Windowed, resources: Resources) -> Vector:
    """One sample of each window, by the number of its histogram where it is one."""
    columns, marks = windowed.columns, mark_mask(windowed.columns.values)
    numbers = np.where(marks, np.cumsum(marks) - 1.0, np.where(stale_mask(columns.values), columns.values, FLOAT))
    found = replace(windowed, columns=_with_values(columns, columns.values)).vector(resources)
    number = replace(windowed, columns=_with_values(columns, numbers)).vector(resources)
    index = np.where(number.present, number.values, FLOAT).astype(np.int64)
    return Vector(found.labels, found.values, found.present, Plane(index, columns.histograms))


def _changing(columns: SeriesColumns) -> Values:
    """Numbers that change where the samples do: for `changes`."""
    return _stepping(columns, _differs, 1.0)


def _falling(columns: SeriesColumns) -> Values:
    """Numbers that fall where the samples say of a reset: for `resets`."""
    return _stepping(columns, _was_reset, -1.0)


def _stepping(
    columns: SeriesColumns, happened: Callable[[SeriesColumns, Rows, Rows, Rows], Mask], step: float
) -> Values:
    """Numbers that take a step at each sample to which something happened since the one before; stale markers stay."""
    live = np.flatnonzero(~stale_mask(columns.values))
    values = columns.values.copy()
    before, after = live[:-1], live[1:]
    marks = mark_mask(columns.values)
    number = np.cumsum(marks) - 1
    happens = marks[before] != marks[after]
    of_floats = np.flatnonzero(~marks[before] & ~marks[after])
    a, b = columns.values[before[of_floats]], columns.values[after[of_floats]]
    happens[of_floats] = (b < a) if step < 0 else ~((a == b) | (np.isnan(a) & np.isnan(b)))
    of_both = np.flatnonzero(marks[before] & marks[after])
    happens[of_both] = happened(columns, of_both, number[before[of_both]], number[after[of_both]])
    values[live] = step * np.append(0, np.cumsum(happens))
    return values


def _differs(columns: SeriesColumns, _: Rows, before: Rows, after: Rows) -> Mask:
    return ~are_same(columns.histograms.take(before), columns.histograms.take(after))


def _was_reset(columns: SeriesColumns, _: Rows, before: Rows, after: Rows) -> Mask:
    return were_reset(columns.histograms, before, after)


_STEPS: Final[Mapping[str, Callable[[SeriesColumns], Values]]] = {"changes": _changing, "resets": _falling}
