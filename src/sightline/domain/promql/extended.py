"""Windows with the modifiers `anchored` and `smoothed`, evaluated."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from sightline.domain.kernels import extended
from sightline.domain.metrics.samples import SeriesColumns, Times, Values, stale_mask
from sightline.domain.promql.extensions import Margin
from sightline.domain.promql.plan import Instants
from sightline.domain.promql.windows import Windowed, kept

_CODES: Final[Mapping[str, int]] = {
    "changes": extended.CHANGES,
    "delta": extended.DELTA,
    "increase": extended.INCREASE,
    "rate": extended.RATE,
    "resets": extended.RESETS,
}


def windowed(columns: SeriesColumns, at: Instants, width: int, margin: Margin, function: str = "") -> Windowed:
    """A function of windows of a width, ms, which are looked at with a margin; without a function the value at their ends."""
    moved = Instants(at.start + margin.after, at.step, at.points)
    code = _CODES[function] if function else extended.VALUE
    whole = width + margin.before + margin.after
    return Windowed(columns, moved, whole, extended.extended, (width, margin.after, code), is_anew=True)


def raw(columns: SeriesColumns, end: int, width: int, margin: Margin) -> SeriesColumns:
    """The samples within one window, with one at each of its ends: what the functions see, as samples."""
    begin = end - width
    near = (columns.times > begin - margin.before) & (columns.times <= end + margin.after)
    found = kept(columns, near & ~stale_mask(columns.values))
    rows = [
        _cut(found.times[low:high], found.values[low:high], begin, end, smoothed=margin.after > 0)
        for low, high in zip(found.offsets[:-1].tolist(), found.offsets[1:].tolist(), strict=True)
    ]
    some = [number for number, (times, _) in enumerate(rows) if len(times)]
    if not some:
        return SeriesColumns.empty()
    return SeriesColumns(
        tuple([found.labels[number] for number in some]),
        found.ids[some],
        np.concatenate((np.zeros(1, np.int64), np.cumsum([len(rows[number][0]) for number in some]))),
        np.concatenate([rows[number][0] for number in some]),
        np.concatenate([rows[number][1] for number in some]),
    )


def _cut(times: Times, values: Values, begin: int, end: int, *, smoothed: bool) -> tuple[Times, Values]:
    """One series between two instants, with a sample at each; nothing where it has ended before."""
    first = max(0, int(np.searchsorted(times[:-1], begin, "right")) - 1)
    last = int(np.searchsorted(times[:-1], end, "left")) if smoothed else len(times) - 1
    if times[last] <= begin:
        return times[:0], values[:0]
    left = _value(times, values, first, begin) if smoothed and times[first] < begin else values[first]
    right = _value(times, values, last - 1, end) if smoothed and last and times[last] > end else values[last]
    inside = slice(first + (times[first] <= begin), last + 1 - (times[last] >= end))
    return (
        np.concatenate(([begin], times[inside], [end])).astype(np.int64),
        np.concatenate(([left], values[inside], [right])),
    )


def _value(times: Times, values: Values, before: int, at: int) -> float:
    return float(extended.between(times, values, before, at, False))  # noqa: FBT003 - no counter
