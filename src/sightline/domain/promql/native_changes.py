"""Rates, sums and means of the native histograms in windows: all that is made by adding them up and subtracting them.

The rules are Prometheus' (promql/functions.go).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.window import bounds
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.histogram_resets import were_reset
from sightline.domain.metrics.histogram_sums import divided, scaled, sums
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Histograms, ResetHint, mark_mask, together
from sightline.domain.metrics.samples import SeriesColumns, Times, Values, stale_mask
from sightline.domain.promql.annotations import Annotations, Operation
from sightline.domain.promql.planes import with_elements
from sightline.domain.promql.resources import Resources
from sightline.domain.promql.values import Vector
from sightline.domain.promql.windows import Windowed
from sightline.domain.timerange import SECOND

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

_PAIR: Final = 2
# As kernels/window.py has it.
_EXTRAPOLATION: Final = 1.1
# So many histograms are added up at a time, however many are in each of the windows.
_TOGETHER: Final = 1 << 20


class Part(NamedTuple):
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
    def of(cls, windowed: Windowed) -> "Part":
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


class Remarks(NamedTuple):
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


def _pure(part: Part, found: Vector, remarks: Remarks, least: int) -> tuple[Vector, Rows, Rows]:
    """The windows that hold histograms alone, at least so many: rows in the part, instants. Those with both lose their floats."""
    mixed = (part.floats > 0) & (part.histograms > 0)
    if mixed.any():
        remarks.tell(remarks.notes.mixed_samples, np.nonzero(mixed)[0])
        present = found.present.copy()
        present[part.rows] &= ~mixed
        found = replace(found, present=present)
    rows, instants = np.nonzero((part.histograms >= least) & (part.floats == 0))
    return found, rows, instants


def _total(part: Part, found: Vector, remarks: Remarks, resources: Resources, *, mean: bool = False) -> Vector:
    """Of histograms `sum_over_time`, or `avg_over_time`."""
    found, rows, instants = _pure(part, found, remarks, 1)
    if not len(rows):
        return found
    low, count = part.number[part.first[rows, instants]], part.histograms[rows, instants]
    _allow(part.columns.histograms, low + count - 1, resources)
    made, mixed = list[Histograms](), np.zeros(len(rows), np.bool_)
    for its in _some(count):
        resources.check()
        found_here, mixed[its] = _added(part.columns.histograms, low[its], count[its], remarks)
        made.append(divided(found_here, count[its].astype(np.float64)) if mean else found_here)
    remarks.tell(remarks.notes.mixed_buckets, rows[mixed])
    return _put(part, found, rows, instants, together(made), ~mixed)


def _some(count: Rows) -> Iterator[slice]:
    """Windows of so many histograms each, some at a time."""
    ends = np.cumsum(count)
    first = 0
    while first < len(count):
        before = ends[first - 1] if first else 0
        after = max(first + 1, int(np.searchsorted(ends, before + _TOGETHER, "right")))
        yield slice(first, after)
        first = after


def _added(pool: Histograms, low: Rows, count: Rows, remarks: Remarks) -> tuple[Histograms, Mask]:
    """The sum of `count` histograms from `low` on, for each window, and where there is none."""
    members = spans(low, count)
    total = sums(pool, members, np.append(0, np.cumsum(count)).astype(np.int64), np.ones(len(members)))
    remarks.together(total.is_reconciled & ~total.is_mixed, Operation.AGGREGATION)
    if total.is_conflicting.any():
        remarks.notes.conflicting_resets(Operation.AGGREGATION, remarks.place)
    return total.histograms, total.is_mixed


def _mean(part: Part, found: Vector, remarks: Remarks, resources: Resources) -> Vector:
    return _total(part, found, remarks, resources, mean=True)


def _put(part: Part, found: Vector, rows: Rows, instants: Rows, result: Histograms, kept: Mask) -> Vector:
    """Histograms among the floats, those that are kept."""
    if not kept.all():
        rows, instants, result = rows[kept], instants[kept], result.take(np.flatnonzero(kept))
    return with_elements(found, part.rows[rows], instants, result)


def _allow(pool: Histograms, like: Rows, resources: Resources) -> None:
    """Refuse as many histograms as these if they are too many."""
    buckets = np.diff(pool.positive.offsets)[like].sum() + np.diff(pool.negative.offsets)[like].sum()
    resources.allow_histograms(len(like), int(buckets))


def _change(counter: bool, per_second: bool) -> "Linear":  # noqa: FBT001 - as the kernel takes them
    """Of histograms `rate` (both), `increase` (a counter), `delta` (neither)."""

    def change(part: Part, found: Vector, remarks: Remarks, resources: Resources) -> Vector:
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


def _resets(part: Part) -> Rows:
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


def _instant_change(counter: bool) -> "Linear":  # noqa: FBT001 - likewise
    """Of histograms `irate` (a counter) and `idelta`."""

    def change(part: Part, found: Vector, remarks: Remarks, resources: Resources) -> Vector:
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


Linear = Callable[[Part, Vector, Remarks, Resources], Vector]

LINEAR: Final[Mapping[str, Linear]] = {
    "rate": _change(counter=True, per_second=True),
    "increase": _change(counter=True, per_second=False),
    "delta": _change(counter=False, per_second=False),
    "irate": _instant_change(counter=True),
    "idelta": _instant_change(counter=False),
    "sum_over_time": _total,
    "avg_over_time": _mean,
}
"""Functions whose value is made of histograms by adding and subtracting them."""
