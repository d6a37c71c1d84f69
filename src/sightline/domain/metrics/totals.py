"""Running totals of series that come as deltas, which say what was added since the last time: PromQL expects the totals.

Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#sums-delta-to-cumulative. The rule: a delta counts whole when
its time is after that of the last one which counted, whatever its start is, so that gaps and overlaps lose nothing that was sent;
one of the same time is a repetition and counts once; an older one is out of order and is left out, for what follows it stands.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, Histograms, mark_mask
from sightline.domain.metrics.native_totals import NativeTotal, added, columns, native_totals
from sightline.domain.metrics.samples import Index, Times, Values, stale_mask

_NEVER: Final = np.iinfo(np.int64).min
_FEWEST: Final = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Deltas:
    """n samples that are deltas. numbers: uint32 (n,), their series. histograms: one for each mark among the values."""

    numbers: Index
    times: Times
    starts: Times
    values: Values
    histograms: Histograms = NO_HISTOGRAMS


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What came of deltas. values: (n,), the totals; histograms: for each mark, the total. kept: bool (n,), which count.

    late: rows out of order. bad: rows that are no finite numbers. zeros: rows before which their series begins at nothing, at its
    start. at, totals, natives: what to remember of the series in `numbers` once the samples are stored.
    """

    values: Values
    histograms: Histograms
    kept: NDArray[np.bool_]
    late: NDArray[np.int64]
    bad: NDArray[np.int64]
    zeros: NDArray[np.int64]
    numbers: Index
    at: Times
    totals: Values
    natives: dict[int, NativeTotal] = field(default_factory=dict)


class Totals:
    """The last total of each series and when it was, by the series' number. Nothing is remembered before `remember`."""

    def __init__(self) -> None:
        """Start without any."""
        self._at = np.empty(0, np.int64)
        self._totals = np.empty(0, np.float64)
        self._natives: dict[int, NativeTotal] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many series are known."""
        return self._count

    def unknown(self, numbers: Index) -> Index:
        """Which of the series are not known, distinct, ascending."""
        self._make_room(numbers)
        return np.unique(numbers[self._at[numbers] == _NEVER])

    def recall(self, numbers: Index, at: Times, totals: Values, natives: Histograms) -> None:
        """Know series, distinct numbers, by the last total that is stored of each and when it was; natives for the marks."""
        self._make_room(numbers)
        self._count += int(np.count_nonzero(self._at[numbers] == _NEVER))
        self._at[numbers], self._totals[numbers] = at, totals
        marked = numbers[mark_mask(totals)].tolist()
        self._natives.update(zip(marked, native_totals(natives), strict=True))

    def forget(self, numbers: Index) -> None:
        """Know these series no more."""
        self._make_room(numbers)
        known = np.unique(numbers[self._at[numbers] != _NEVER])
        self._count -= len(known)
        self._at[known] = _NEVER
        for number in known.tolist():
            self._natives.pop(number, None)

    def forget_before(self, time: int) -> None:
        """Know series no more whose last total is older."""
        self.forget(np.flatnonzero((self._at < time) & (self._at != _NEVER)).astype(np.uint32))

    def count(self, deltas: Deltas) -> Counted:
        """What the deltas come to. Stale markers stay what they are and count for nothing."""
        numbers, times = deltas.numbers, deltas.times
        self._make_room(numbers)
        marks, stale = mark_mask(deltas.values), stale_mask(deltas.values)
        is_number = np.isfinite(deltas.values) | marks
        kept = is_number & (times > self._at[numbers])
        is_new = self._at[numbers] == _NEVER
        order = np.lexsort((times, numbers))
        is_single = _single(numbers, order)
        values = deltas.values.copy()
        alone = np.flatnonzero(kept & is_single & ~marks)
        held = self._totals[numbers[alone]]
        values[alone] += np.where(is_new[alone] | mark_mask(held), 0.0, held)
        natives: dict[int, NativeTotal] = {}
        made: dict[int, NativeTotal] = {}
        several = order[(kept & ~(is_single & ~marks))[order]]
        self._one_by_one(deltas, several, values, kept, made, natives)
        counting = order[kept[order]]  # by series and time
        differs = numbers[counting[1:]] != numbers[counting[:-1]]
        last = counting[np.append(differs, True)[: len(counting)]]
        first = counting[np.insert(differs, 0, True)[: len(counting)]]
        begun = is_new[first] & (deltas.starts[first] > 0)
        return Counted(
            values,
            columns([made[row] for row in np.flatnonzero(marks & kept).tolist()]),
            kept | stale,
            np.flatnonzero(is_number & (times < self._at[numbers])),
            np.flatnonzero(~is_number & ~stale),
            first[begun],
            numbers[last],
            times[last],
            values[last],
            natives,
        )

    def remember(self, counted: Counted) -> None:
        """Know what was counted, now that it is stored."""
        self._count += int(np.count_nonzero(self._at[counted.numbers] == _NEVER))
        self._at[counted.numbers] = counted.at
        self._totals[counted.numbers] = counted.totals
        self._natives.update(counted.natives)
        if self._natives:  # of a series that has become one of numbers the histogram counts no more
            for number in counted.numbers[~mark_mask(counted.totals)].tolist():
                self._natives.pop(number, None)

    def _one_by_one(
        self,
        deltas: Deltas,
        rows: NDArray[np.int64],
        values: Values,
        kept: NDArray[np.bool_],
        made: dict[int, NativeTotal],
        natives: dict[int, NativeTotal],
    ) -> None:
        """Several of one series, and native histograms; rows in order of series and time."""
        place = np.cumsum(mark_mask(deltas.values)) - 1
        numbers, times = deltas.numbers.tolist(), deltas.times.tolist()
        marks = mark_mask(deltas.values).tolist()
        before, at, total = -1, 0, 0.0
        for row in rows.tolist():
            number = numbers[row]
            if number != before:
                before, at = number, int(self._at[number])
                known = at != _NEVER and not mark_mask(self._totals[number : number + 1])[0]
                total = float(self._totals[number]) if known else 0.0
            if times[row] <= at:
                kept[row] = False
                continue
            at = times[row]
            if not marks[row]:
                total += float(deltas.values[row])
                values[row] = total
                continue
            one = native_totals(deltas.histograms.take(place[row : row + 1].astype(np.int64)))[0]
            sum_before = natives.get(number) or self._natives.get(number)
            natives[number] = made[row] = one if sum_before is None else added(sum_before, one)
            values[row] = MARK

    def _make_room(self, numbers: Index) -> None:
        if len(numbers) and (most := int(numbers.max())) >= len(self._at):
            size = max(_FEWEST, 2 * (most + 1))
            longer = np.full(size, _NEVER, np.int64)
            longer[: len(self._at)] = self._at
            self._at, self._totals = longer, lengthened(self._totals, size)


def _single(numbers: Index, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows are the only ones of their series; order: the rows by series."""
    again = numbers[order[1:]] == numbers[order[:-1]]
    single = np.ones(len(numbers), np.bool_)
    single[order[1:][again]] = False
    single[order[:-1][again]] = False
    return single


def with_zeros(counted: Counted, deltas: Deltas, reach: int) -> tuple[NDArray[np.int64], Times, Values, Histograms]:
    """What is written before the first total of a series: nothing, at the start of its first delta, at most `reach` ms before it.

    So the first delta is an increase, and what went before, should it be forgotten, is seen to have been reset.
    Returns rows of the deltas, times, values and the histograms of the marks among these.
    """
    rows = counted.zeros
    times = np.clip(deltas.starts[rows], deltas.times[rows] - reach, deltas.times[rows] - 1)
    values = np.where(mark_mask(deltas.values[rows]), MARK, 0.0)
    place = np.cumsum(mark_mask(deltas.values)) - 1
    marked = rows[mark_mask(deltas.values[rows])]
    empty = [one.emptied() for one in native_totals(deltas.histograms.take(place[marked].astype(np.int64)))]
    return rows, times, values, columns(empty)
