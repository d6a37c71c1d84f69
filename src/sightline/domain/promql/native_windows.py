"""Windows over series that have native histograms among their samples.

What a function makes of floats, of histograms and of both in one window is Prometheus' (promql/functions.go). The kernels of floats
stay what they are: they are given the floats alone, or numbers that stand for histograms.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.window import bounds
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.histogram_resets import are_same, were_reset
from sightline.domain.metrics.histogram_sums import divided, scaled, sums
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Histograms, ResetHint, mark_mask
from sightline.domain.metrics.samples import SeriesColumns, Times, Values, stale_mask
from sightline.domain.promql.annotations import Annotations, Operation
from sightline.domain.promql.planes import FLOAT, with_elements
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Plane, Vector
from sightline.domain.promql.windows import Windowed
from sightline.domain.timerange import SECOND

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

SELECTOR: Final = ""
"""In place of a function: an instant selector."""
_PICKS: Final = frozenset({SELECTOR, "first_over_time", "last_over_time"})
_COUNTS: Final = frozenset({"count_over_time", "present_over_time", "ts_of_first_over_time", "ts_of_last_over_time"})
_PAIR: Final = 2
# As kernels/window.py has it.
_EXTRAPOLATION: Final = 1.1


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
    part = _Part.of(windowed)
    if function in _LINEAR:
        return _LINEAR[function](part, found, _Remarks(notes, place, part.columns), resources)
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


class _Part(NamedTuple):
    """The series that have histograms, and their windows.

    rows: int64 (r,), which series they are; columns: their samples, without stale markers. first, after: int64 (r, p), the
    samples of each window; floats, histograms: int64 (r, p), how many of them are these. number: int64 (n,), of each sample the
    number of the newest histogram by then. ends: int64 (p,), where windows end; width: of each, ms.
    """

    rows: Rows
    columns: SeriesColumns
    first: Rows
    after: Rows
    floats: Rows
    histograms: Rows
    number: Rows
    ends: Times
    width: int

    @classmethod
    def of(cls, windowed: Windowed) -> "_Part":
        """Find the windows."""
        columns, at = windowed.columns, windowed.at
        marks = mark_mask(columns.values)
        before = np.append(0, np.cumsum(marks))
        rows = np.flatnonzero(np.diff(before[columns.offsets]))
        sizes = np.diff(columns.offsets)[rows]
        samples = spans(columns.offsets[:-1][rows], sizes)
        live = ~stale_mask(columns.values[samples])
        offsets = np.append(0, np.cumsum(live))[np.append(0, np.cumsum(sizes))].astype(np.int64)
        samples = samples[live]
        marks = marks[samples]
        own = SeriesColumns(
            tuple([columns.labels[row] for row in rows.tolist()]),
            columns.ids[rows],
            offsets,
            columns.times[samples],
            columns.values[samples],
            columns.histograms,  # all of them are in these series
        )
        first, after = bounds(offsets, own.times, at.start, at.step, at.points, windowed.width)
        until = np.append(0, np.cumsum(marks))
        histograms = until[after] - until[first]
        ends = at.start + at.step * np.arange(at.points, dtype=np.int64)
        return cls(rows, own, first, after, after - first - histograms, histograms, until[1:] - 1, ends, windowed.width)


class _Remarks(NamedTuple):
    """Whom to tell of what is remarkable about a series."""

    notes: Annotations
    place: str
    columns: SeriesColumns

    def tell(self, remark: Callable[[str, str], None], rows: Rows) -> None:
        """Make a remark on each of these series."""
        for row in np.unique(rows).tolist():
            remark(self.columns.labels[row].name, self.place)

    def together(self, is_reconciled: Mask, operation: Operation) -> None:
        """Tell that bounds differed, where they did."""
        if is_reconciled.any():
            self.notes.reconciled_bounds(operation, self.place)


def _pure(part: _Part, found: Vector, remarks: _Remarks, least: int) -> tuple[Vector, Rows, Rows]:
    """The windows that hold histograms alone, at least so many: rows in the part, instants. Those with both lose their floats."""
    mixed = (part.floats > 0) & (part.histograms > 0)
    if mixed.any():
        remarks.tell(remarks.notes.mixed_samples, np.nonzero(mixed)[0])
        present = found.present.copy()
        present[part.rows] &= ~mixed
        found = replace(found, present=present)
    rows, instants = np.nonzero((part.histograms >= least) & (part.floats == 0))
    return found, rows, instants


def _total(part: _Part, found: Vector, remarks: _Remarks, resources: Resources, *, mean: bool = False) -> Vector:
    """Of histograms `sum_over_time`, or `avg_over_time`."""
    found, rows, instants = _pure(part, found, remarks, 1)
    if not len(rows):
        return found
    low, count = part.number[part.first[rows, instants]], part.histograms[rows, instants]
    members = spans(low, count)
    pool = part.columns.histograms
    _allow(pool, low + count - 1, resources)
    total = sums(pool, members, np.append(0, np.cumsum(count)).astype(np.int64), np.ones(len(members)))
    remarks.tell(remarks.notes.mixed_buckets, rows[total.is_mixed])
    remarks.together(total.is_reconciled, Operation.AGGREGATION)
    if total.is_conflicting.any():
        remarks.notes.conflicting_resets(Operation.AGGREGATION, remarks.place)
    result = divided(total.histograms, count.astype(np.float64)) if mean else total.histograms
    return _put(part, found, rows, instants, result, ~total.is_mixed)


def _mean(part: _Part, found: Vector, remarks: _Remarks, resources: Resources) -> Vector:
    return _total(part, found, remarks, resources, mean=True)


def _put(part: _Part, found: Vector, rows: Rows, instants: Rows, result: Histograms, kept: Mask) -> Vector:
    """Histograms among the floats, those that are kept."""
    if not kept.all():
        rows, instants, result = rows[kept], instants[kept], result.take(np.flatnonzero(kept))
    return with_elements(found, part.rows[rows], instants, result)


def _allow(pool: Histograms, like: Rows, resources: Resources) -> None:
    """Refuse as many histograms as these if they are too many."""
    buckets = np.diff(pool.positive.offsets)[like].sum() + np.diff(pool.negative.offsets)[like].sum()
    resources.allow_histograms(len(like), int(buckets))


def _change(counter: bool, per_second: bool) -> "_Linear":  # noqa: FBT001 - as the kernel takes them
    """Of histograms `rate` (both), `increase` (a counter), `delta` (neither)."""

    def change(part: _Part, found: Vector, remarks: _Remarks, resources: Resources) -> Vector:
        found, rows, instants = _pure(part, found, remarks, _PAIR)
        if not len(rows):
            return found
        first, last = part.first[rows, instants], part.after[rows, instants] - 1
        low, high = part.number[first], part.number[last]
        pool, notes = part.columns.histograms, remarks.notes
        _allow(pool, high, resources)
        is_gauge = pool.reset == ResetHint.GAUGE
        if counter:
            remarks.tell(notes.not_a_counter, rows[_any_within(is_gauge, low, high)])
        resets = _resets(part) if counter else np.empty(0, np.int64)
        anew = np.isin(low + 1, resets)  # then what the first sample looks like does not matter
        members, offsets, weights = _members(low, high, anew, resets)
        coarsest = _coarsest(pool, low + anew, high) if counter else None
        total = sums(pool, members, offsets, weights, coarsest)
        mixed = total.is_mixed
        if counter:
            is_custom = pool.schema == CUSTOM_SCHEMA
            mixed = mixed | (_any_within(is_custom, low + anew, high) & _any_within(~is_custom, low + anew, high))
        remarks.tell(notes.mixed_buckets, rows[mixed])
        remarks.together(total.is_reconciled & ~mixed, Operation.SUBTRACTION)
        if not counter:
            remarks.tell(notes.not_a_gauge, rows[~mixed & ~(is_gauge[low] & is_gauge[high])])
        times = part.columns.times
        since = times[first] - (part.ends[instants] - part.width), part.ends[instants] - times[last]
        counts = (pool.count[low], total.histograms.count) if counter else None
        factor = _factor(high - low, times[last] - times[first], since, counts)
        result = scaled(total.histograms, factor / (part.width / SECOND) if per_second else factor)
        result = replace(result, reset=np.full(len(rows), ResetHint.GAUGE, np.uint8))
        return _put(part, found, rows, instants, result, ~mixed)

    return change


def _factor(intervals: Rows, span: Times, edges: tuple[Times, Times], counts: tuple[Values, Values] | None) -> Values:
    """What a change is multiplied by to reach from edge to edge of its window; see kernels/window.py.

    intervals: between samples; span: from the first to the last one, ms. edges: from there to the edges, ms. counts: of a
    counter, that of the first sample and that of the change.
    """
    interval = span / SECOND
    average = interval / intervals
    before, behind = (edge / SECOND for edge in edges)
    to_start = np.where(before >= average * _EXTRAPOLATION, average / 2, before)
    to_end = np.where(behind >= average * _EXTRAPOLATION, average / 2, behind)
    if counts is not None:
        begin, change = counts
        to_zero = interval * (begin / change)
        to_start = np.where((change > 0) & (begin >= 0) & (to_zero < to_start), to_zero, to_start)
    factor: Values = (interval + to_start + to_end) / interval
    return factor


def _resets(part: _Part) -> Rows:
    """The histograms that count anew, by number, of those that follow another one of their series."""
    marks = mark_mask(part.columns.values)
    at = np.flatnonzero(marks[1:] & marks[:-1]) + 1
    at = at[~np.isin(at, part.columns.offsets)]
    after = part.number[at]
    return after[were_reset(part.columns.histograms, after - 1, after)]


def _members(low: Rows, high: Rows, anew: Mask, resets: Rows) -> tuple[Rows, Rows, Values]:
    """What a change is the sum of: the last histogram, less the first one, and each one before a reset."""
    from_reset, to_reset = np.searchsorted(resets, low + 1, "right"), np.searchsorted(resets, high, "right")
    lost = np.maximum(to_reset - from_reset, 0)
    sizes = 1 + ~anew + lost
    offsets = np.append(0, np.cumsum(sizes)).astype(np.int64)
    members, weights = np.empty(int(offsets[-1]), np.int64), np.ones(int(offsets[-1]))
    begins = offsets[:-1]
    members[begins] = high
    members[begins[~anew] + 1] = low[~anew]
    weights[begins[~anew] + 1] = -1.0
    members[spans(begins + 1 + ~anew, lost)] = resets[spans(from_reset, lost)] - 1
    return members, offsets, weights


def _coarsest(pool: Histograms, low: Rows, high: Rows) -> NDArray[np.int8] | None:
    """The least schema between two histograms, both included; None where all have one."""
    if not len(pool) or (pool.schema == pool.schema[0]).all():
        return None
    edges = np.column_stack((low, high + 1)).ravel()
    return np.minimum.reduceat(np.append(pool.schema, np.int8(0)), edges)[::2]


def _any_within(mask: Mask, low: Rows, high: Rows) -> Mask:
    """Whether anything is marked between two histograms, both included."""
    before = np.append(0, np.cumsum(mask))
    found: Mask = before[high + 1] > before[low]
    return found


def _instant_change(counter: bool) -> "_Linear":  # noqa: FBT001 - likewise
    """Of histograms `irate` (a counter) and `idelta`."""

    def change(part: _Part, found: Vector, remarks: _Remarks, resources: Resources) -> Vector:
        pairs = part.after - part.first >= _PAIR
        marks = np.append(mark_mask(part.columns.values), [False, False])  # where a window has no pair
        last = np.maximum(part.after - 1, 1)
        is_last, is_before = marks[last], marks[last - 1]
        both = pairs & is_last & is_before
        mixed = pairs & (is_last != is_before)
        remarks.tell(remarks.notes.mixed_samples, np.nonzero(mixed)[0])
        present = found.present.copy()
        present[part.rows] &= pairs & ~is_last & ~is_before
        found = replace(found, present=present)
        rows, instants = np.nonzero(both)
        if not len(rows):
            return found
        pool, place = part.columns.histograms, last[rows, instants]
        high = part.number[place]
        _allow(pool, high, resources)
        is_gauge = pool.reset == ResetHint.GAUGE
        if counter:
            remarks.tell(remarks.notes.not_a_counter, rows[is_gauge[high] | is_gauge[high - 1]])
        else:
            remarks.tell(remarks.notes.not_a_gauge, rows[~(is_gauge[high] & is_gauge[high - 1])])
        anew = np.isin(high, _resets(part)) if counter else np.zeros(len(rows), np.bool_)
        total = sums(pool, *_members(high - 1, high, anew, np.empty(0, np.int64)))
        remarks.tell(remarks.notes.mixed_buckets, rows[total.is_mixed])
        remarks.together(total.is_reconciled, Operation.SUBTRACTION)
        result = replace(total.histograms, reset=np.full(len(rows), ResetHint.GAUGE, np.uint8))
        if counter:
            result = divided(result, (part.columns.times[place] - part.columns.times[place - 1]) / SECOND)
        return _put(part, found, rows, instants, result, ~total.is_mixed)

    return change


_Linear = Callable[[_Part, Vector, _Remarks, Resources], Vector]

_LINEAR: Final[Mapping[str, _Linear]] = {
    "rate": _change(counter=True, per_second=True),
    "increase": _change(counter=True, per_second=False),
    "delta": _change(counter=False, per_second=False),
    "irate": _instant_change(counter=True),
    "idelta": _instant_change(counter=False),
    "sum_over_time": _total,
    "avg_over_time": _mean,
}
"""Functions whose value is made of histograms by adding and subtracting them."""
