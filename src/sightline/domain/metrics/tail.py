"""The samples that are acknowledged but not yet in the store: what makes them visible to queries at once."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from operator import attrgetter
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from sightline.domain.labels import METRIC_NAME, Labels, Matchers, MatchOp, satisfies
from sightline.domain.metrics.chains import Chains, ChainsView
from sightline.domain.metrics.journal import Appended, joined
from sightline.domain.metrics.known import Wanted
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.resolve import spans
from sightline.domain.metrics.roster import Named, Roster
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, MIN_TIME, TimeRange

_NEVER: Final = np.iinfo(np.int64).max
_FEWEST_ROWS: Final = 64
_KEPT_DROPS: Final = 4
_NO_CHAINS: Final = Chains()
_NO_ROWS: Final = np.empty(0, np.int64)
_JOINED: Final = 64
_SMALL_ROWS: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class TailView:
    """A moment of one tenant's tail, and what is wanted of it; reading it is safe from any thread while the tail moves on.

    matcher_sets: a series that satisfies any of them is wanted; every one when there is none.
    labels, ids (k,), first, last (k,): the series that may be wanted, and the times of their samples, ms.
    chains: their samples, in their order.
    """

    matcher_sets: Sequence[Matchers]
    labels: Sequence[Labels]
    ids: Ids
    first: Times
    last: Times
    chains: ChainsView

    def series(self, within: TimeRange) -> set[Labels]:
        """The wanted label sets that were seen in the range."""
        seen = np.flatnonzero((self.first <= within.end) & (self.last >= within.start))
        return {self.labels[at] for at in seen.tolist() if self._wanted(self.labels[at])}

    def columns(self, within: TimeRange) -> SeriesColumns:
        """The wanted samples within the range, in ascending order of labels, the last write of a timestamp alone."""
        offsets, times, values = self.chains.settled(within)
        found = [row for row in np.flatnonzero(np.diff(offsets)).tolist() if self._wanted(self.labels[row])]
        rows = np.array(sorted(found, key=self.labels.__getitem__), np.intp)
        starts, lengths = offsets[rows], np.diff(offsets)[rows]
        samples = spans(starts, lengths)
        return SeriesColumns(
            tuple([self.labels[row] for row in rows.tolist()]),
            self.ids[rows],
            np.append(0, np.cumsum(lengths)),
            times[samples],
            values[samples],
        )

    def _wanted(self, labels: Labels) -> bool:
        return not self.matcher_sets or any(satisfies(labels, matchers) for matchers in self.matcher_sets)


@dataclass(frozen=True, slots=True, eq=False)
class TailSamples:
    """A moment of known series in the tail; reading it is safe from any thread while the tail moves on.

    ids: uint64 (s,), ascending; chains: their samples.
    """

    ids: Ids
    chains: ChainsView

    def __bool__(self) -> bool:
        """Whether the tail has any sample of them."""
        return bool(self.chains)

    def run(self, within: TimeRange) -> Run | None:
        """The samples in the range, the last write of a timestamp alone; None when there is none."""
        offsets, times, values = self.chains.settled(within)
        if not len(times):
            return None
        return Run(self.ids, offsets[:-1], offsets[1:], times, values, int(times.min()), int(times.max()))


@dataclass(slots=True, eq=False)
class _TenantTail:
    """One tenant's entries in order of position, and the series they hold in columns, a row a series.

    first, last: when a series was seen, ms. ends: the position after its last sample; a free row's is never reached.
    numbers: its number in the roster, or -1; of_number: the row of each number, or -1.
    version: how often rows were given or taken; found: the rows of series that were wanted, and of which version they are.
    """

    entries: deque[Appended] = field(default_factory=deque)
    chains: Chains = field(default_factory=Chains)
    dropped: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT_DROPS))
    rows: dict[int, int] = field(default_factory=dict)
    by_name: dict[str, set[int]] = field(default_factory=dict)
    free: list[int] = field(default_factory=list)
    labels: list[Labels] = field(default_factory=list)
    ids: Ids = field(default_factory=lambda: np.empty(0, np.uint64))
    first: Times = field(default_factory=lambda: np.empty(0, np.int64))
    last: Times = field(default_factory=lambda: np.empty(0, np.int64))
    ends: Times = field(default_factory=lambda: np.empty(0, np.int64))
    numbers: Times = field(default_factory=lambda: np.empty(0, np.int64))
    roster: Roster = field(default_factory=Roster)
    of_number: Times = field(default_factory=lambda: np.empty(0, np.int64))
    version: int = 0
    found: WeakKeyDictionary[Wanted, tuple[int, Times]] = field(default_factory=WeakKeyDictionary)

    def see(self, entry: Appended, labels: Sequence[Labels | None]) -> list[tuple[int, Labels]]:
        """Note the series of an entry and when they were seen; returns the id and labels of those that were not there."""
        fresh = []
        rows = self._rows_of(entry, labels)
        for at in np.flatnonzero(rows < 0).tolist():
            label = labels[at]
            if label is not None:
                fresh.append((int(entry.ids[at]), label))
                rows[at] = self._row(*fresh[-1])
        self.chains.add(rows, entry.index, entry.times, entry.values)
        found = np.flatnonzero(rows >= 0)
        rows = rows[found]
        if type(labels) is Named:
            self.numbers[rows] = labels.numbers[found]
            self.of_number[labels.numbers[found]] = rows
        first, last = entry.spans()
        self.first[rows] = np.minimum(self.first[rows], first[found])
        self.last[rows] = np.maximum(self.last[rows], last[found])
        self.ends[rows] = entry.end_seq
        return fresh

    def forget(self, end_seq: int) -> None:
        """Give up the rows of series that have no sample at or above a position, and had none at some drops before.

        Most series come again with the next scrape, and a row takes a microsecond to give up and another to make anew.
        """
        self.dropped.append(end_seq)
        if len(self.dropped) < _KEPT_DROPS:
            return
        for row in np.flatnonzero(self.ends <= self.dropped[0]).tolist():
            self.version += 1
            name = self.labels[row].name
            del self.rows[int(self.ids[row])]
            self.by_name[name].discard(row)
            if not self.by_name[name]:
                del self.by_name[name]
            self.labels[row] = Labels()
            self.ends[row] = _NEVER
            if self.numbers[row] >= 0:
                self.of_number[self.numbers[row]] = self.numbers[row] = -1
            self.free.append(row)

    def candidates(self, matcher_sets: Sequence[Matchers]) -> list[int]:
        """The rows that may satisfy any of the matcher sets: those of the metrics they name, or all."""
        names = [_metric(matchers) for matchers in matcher_sets]
        if not names or "" in names:
            return list(self.rows.values())
        return [row for name in dict.fromkeys(names) for row in self.by_name.get(name, ())]

    def rows_of(self, wanted: Wanted) -> Times:
        """The row of each wanted series, in ascending order of ids, int64 (s,); -1 where it has none.

        Rules and dashboards want the same series again and again, so that what was found last is kept as long as rows stay.
        """
        version, rows = self.found.get(wanted, (-1, _NO_ROWS))
        if version != self.version:
            rows = self._rows_by_id(wanted.ascending)
            self.found[wanted] = (self.version, rows)
        return rows

    def _rows_of(self, entry: Appended, labels: Sequence[Labels | None]) -> Times:
        """The row of each series, -1 where it has none; by its number in the roster, which is quicker than by its id."""
        if type(labels) is not Named:
            return self._rows_by_id(entry.ids)
        if labels.roster is not self.roster:
            self.roster, self.of_number = labels.roster, np.empty(0, np.int64)
            self.numbers[:] = -1
        if len(self.roster) > len(self.of_number):
            self.of_number = lengthened(self.of_number, max(_FEWEST_ROWS, 2 * len(self.roster)), -1)
        rows = self.of_number[labels.numbers]
        unknown = np.flatnonzero(rows < 0)
        if len(unknown):
            rows[unknown] = self._rows_by_id(entry.ids[unknown])
        return rows

    def _rows_by_id(self, ids: Ids) -> Times:
        return np.fromiter(map(self.rows.get, ids.tolist(), repeat(-1)), np.int64, len(ids))

    def _row(self, one: int, labels: Labels) -> int:
        row = self.free.pop() if self.free else len(self.labels)
        if row == len(self.labels):
            self.labels.append(labels)
            if row == len(self.ids):
                self._grow(max(_FEWEST_ROWS, 2 * row))
        self.labels[row], self.ids[row], self.first[row], self.last[row] = labels, one, MAX_TIME, MIN_TIME
        self.version += 1
        self.chains.begin(row)
        self.rows[one] = row
        self.by_name.setdefault(labels.name, set()).add(row)
        return row

    def _grow(self, size: int) -> None:
        self.ids = lengthened(self.ids, size)
        self.first = lengthened(self.first, size)
        self.last = lengthened(self.last, size)
        self.ends = lengthened(self.ends, size, _NEVER)
        self.numbers = lengthened(self.numbers, size, -1)


def _metric(matchers: Matchers) -> str:
    """The metric that matchers name, or the empty string."""
    return next((m.value for m in matchers if m.name == METRIC_NAME and m.op is MatchOp.EQUAL), "")


def _nobody(_tenant: Tenant, _one: int, _labels: Labels) -> None:
    pass


class Tail:
    """Entries of all tenants between the store and now, in order of position. Changed from one thread only."""

    def __init__(self, on_series: Callable[[Tenant, int, Labels], None] = _nobody) -> None:
        """Start empty. `on_series` is told of a series, by its id, when the tail has samples of it and had none before."""
        self._on_series = on_series
        self._tenants: dict[Tenant, _TenantTail] = {}
        self._entries: list[Appended] = []
        self._weights: list[int] = []
        self._loose = 0  # how many of the last entries may become one
        self._rows = 0
        self._weight = 0

    @property
    def rows(self) -> int:
        """How many samples are held."""
        return self._rows

    @property
    def weight(self) -> int:
        """About how many bytes of memory they take."""
        return self._weight

    def add(self, entry: Appended, labels: Sequence[Labels | None], *, is_loose: bool = False) -> None:
        """Take an entry, which lies above all before it; `labels` are those of its `ids`, in their order.

        A series without labels is kept, but not found. is_loose: no range that is sealed already ends with the entry or begins
        with it, so that it may become one with its neighbours.
        """
        held = self._tenants.setdefault(entry.tenant, _TenantTail())
        held.entries.append(entry)
        for one, its in held.see(entry, labels):
            self._on_series(entry.tenant, one, its)
        self._entries.append(entry)
        self._weights.append(entry.weight)
        self._rows += len(entry.times)
        self._weight += self._weights[-1]
        self._join(entry, is_loose=is_loose)

    def _join(self, entry: Appended, *, is_loose: bool) -> None:
        """Make one entry of the last small ones, once they are many: each costs whoever reads the tail as much as a large one."""
        if not is_loose or len(entry.times) > _SMALL_ROWS:
            self._loose = 0
            return
        before = self._entries[-2] if self._loose else entry
        follows = before is entry or (before.tenant == entry.tenant and before.end_seq == entry.first_seq)
        self._loose = self._loose + 1 if follows else 1
        if self._loose < _JOINED:
            return
        whole = joined(self._entries[-_JOINED:])
        held = self._tenants[entry.tenant].entries
        for _ in range(_JOINED):
            held.pop()
        held.append(whole)
        self._entries[-_JOINED:] = [whole]
        self._weight += whole.weight - sum(self._weights[-_JOINED:])
        self._weights[-_JOINED:] = [whole.weight]
        self._loose = 0

    def entries(self, first_seq: int, end_seq: int) -> list[Appended]:
        """The entries of all tenants with positions in [first_seq, end_seq), in order of position."""
        start = bisect_left(self._entries, first_seq, key=attrgetter("first_seq"))
        return self._entries[start : bisect_right(self._entries, end_seq, key=attrgetter("end_seq"))]

    def oldest(self, rows: int, weight: int) -> tuple[int, int]:
        """The bounds [first, end) of the oldest entries, whole, that have at most so many samples and bytes; at least one entry.

        What a range is sealed from stays as it is: no entry reaches across its end later on.
        """
        self._loose = 0
        taken = 0
        for entry, size in zip(self._entries, self._weights, strict=True):
            rows, weight = rows - len(entry.times), weight - size
            if taken and (rows < 0 or weight < 0):
                break
            taken += 1
        return self._entries[0].first_seq, self._entries[taken - 1].end_seq

    def drop(self, end_seq: int) -> None:
        """Forget everything below a position: the store has it."""
        count = bisect_right(self._entries, end_seq, key=attrgetter("end_seq"))
        touched = {entry.tenant for entry in self._entries[:count]}
        self._rows -= sum(len(entry.times) for entry in self._entries[:count])
        self._weight -= sum(self._weights[:count])
        del self._entries[:count], self._weights[:count]
        for tenant in touched:
            held = self._tenants[tenant]
            gone = 0
            while held.entries and held.entries[0].end_seq <= end_seq:
                gone += len(held.entries.popleft().times)
            held.chains.drop(gone)
            if held.entries:
                held.forget(end_seq)
            else:
                del self._tenants[tenant]

    def view(self, tenant: Tenant, matcher_sets: Sequence[Matchers]) -> TailView:
        """The tail of a tenant as it is now, for reading what satisfies any of the matcher sets (all, when there is none).

        Finding the series is left to the view, so that it need not happen on the thread that changes the tail.
        """
        held = self._tenants.get(tenant, _TenantTail())
        rows = held.candidates(matcher_sets)
        labels = [held.labels[row] for row in rows]
        chains = held.chains.view(np.array(rows, np.int64))
        return TailView(tuple(matcher_sets), labels, held.ids[rows], held.first[rows], held.last[rows], chains)

    def samples(self, tenant: Tenant, wanted: Wanted) -> TailSamples:
        """The samples of known series as they are now."""
        held = self._tenants.get(tenant)
        rows = np.full(len(wanted), -1, np.int64) if held is None else held.rows_of(wanted)
        return TailSamples(wanted.ascending, (_NO_CHAINS if held is None else held.chains).view(rows))
