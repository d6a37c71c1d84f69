"""The samples that are acknowledged but not yet in the store: what makes them visible to queries at once."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import METRIC_NAME, Labels, Matchers, MatchOp, metric_id, satisfies
from sightline.domain.metrics.chains import Chains, ChainsView
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.journal import Appended, joined
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.marked import histograms_of
from sightline.domain.metrics.roster import Named, Roster, Rosters
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import MAX_TIME, MIN_TIME, TimeRange

_FEWEST_ROWS: Final = 64
_NO_CHAINS: Final = Chains()
_JOINED: Final = 64
_SMALL_ROWS: Final = 1_000
_SMALL_BYTES: Final = 64 << 10  # of histograms: joining is to take less than a millisecond
_BEFORE_ALL: Final = int(np.iinfo(np.int64).min)
_AFTER_ALL: Final = int(np.iinfo(np.int64).max)


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
        return {labels for at in seen.tolist() if self._wanted(labels := self.labels[at])}

    def columns(self, within: TimeRange) -> SeriesColumns:
        """The wanted samples within the range, in ascending order of labels, the last write of a timestamp alone."""
        offsets, times, values, histograms = self.chains.settled(within)
        found = [(self.labels[row], row) for row in np.flatnonzero(np.diff(offsets)).tolist()]
        found = sorted(one for one in found if self._wanted(one[0]))
        rows = np.array([row for _, row in found], np.intp)
        starts, lengths = offsets[rows], np.diff(offsets)[rows]
        samples = spans(starts, lengths)
        return SeriesColumns(
            tuple([labels for labels, _ in found]),
            self.ids[rows],
            np.append(0, np.cumsum(lengths)),
            times[samples],
            values[samples],
            histograms_of(values, histograms, samples),
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
        offsets, times, values, histograms = self.chains.settled(within)
        if not len(times):
            return None
        first, last = int(times.min()), int(times.max())
        return Run(self.ids, offsets[:-1], offsets[1:], times, values, first, last, histograms)


@dataclass(slots=True, eq=False)
class _TenantTail:
    """One tenant's entries in order of position, and what is known of the series they hold, in columns by number in the roster.

    ids, metrics: uint64. first, last: when a series was seen, ms. ends: the position after its last sample. dropped: the position
    below which everything is forgotten; a series is held when its end lies above.
    """

    roster: Roster
    entries: deque[Appended] = field(default_factory=deque)
    chains: Chains = field(default_factory=Chains)
    dropped: int = 0
    ids: Ids = field(default_factory=lambda: np.empty(0, np.uint64))
    metrics: Ids = field(default_factory=lambda: np.empty(0, np.uint64))
    first: Times = field(default_factory=lambda: np.empty(0, np.int64))
    last: Times = field(default_factory=lambda: np.empty(0, np.int64))
    ends: Times = field(default_factory=lambda: np.empty(0, np.int64))

    def see(self, entry: Appended, numbers: Times, seen: tuple[Times, Times]) -> NDArray[np.intp]:
        """Note the series of an entry and when they were seen; returns which of them were not held."""
        if len(self.roster) > len(self.ids):
            self._grow(max(_FEWEST_ROWS, len(self.roster) * 5 // 4))
        self.chains.add(numbers, entry.index, entry.times, entry.values, entry.histograms)
        found = np.flatnonzero(numbers >= 0)
        rows = numbers[found]
        first, last = seen
        fresh = self.ends[rows] <= self.dropped
        new = rows[fresh]
        self.first[new], self.last[new] = MAX_TIME, MIN_TIME
        self.ids[new], self.metrics[new] = entry.ids[found[fresh]], entry.metrics[found[fresh]]
        self.first[rows] = np.minimum(self.first[rows], first[found])
        self.last[rows] = np.maximum(self.last[rows], last[found])
        self.ends[rows] = entry.end_seq
        return found[fresh]

    def drop(self, end_seq: int) -> None:
        """Forget everything below a position."""
        gone = 0
        while self.entries and self.entries[0].end_seq <= end_seq:
            gone += len(self.entries.popleft().times)
        self.chains.drop(gone)
        self.dropped = end_seq

    def candidates(self, matcher_sets: Sequence[Matchers]) -> Times:
        """The rows that may satisfy any of the matcher sets: those of the metrics they name, or all."""
        rows = np.flatnonzero(self.ends > self.dropped)
        names = [_metric(matchers) for matchers in matcher_sets]
        if not names or "" in names:
            return rows
        return rows[np.isin(self.metrics[rows], np.array([metric_id(name) for name in names], np.uint64))]

    def numbers_of(self, known: KnownSeries) -> Times:
        """The row of each series, in ascending order of ids, int64 (s,); -1 where it has none."""
        rows = known.numbers_in(self.roster).astype(np.int64)
        return np.where(rows < len(self.ids), rows, -1)

    def _grow(self, size: int) -> None:
        self.ids = lengthened(self.ids, size)
        self.metrics = lengthened(self.metrics, size)
        self.first = lengthened(self.first, size)
        self.last = lengthened(self.last, size)
        self.ends = lengthened(self.ends, size)
        self.chains.reserve(size)


def _metric(matchers: Matchers) -> str:
    """The metric that matchers name, or the empty string."""
    return next((m.value for m in matchers if m.name == METRIC_NAME and m.op is MatchOp.EQUAL), "")


def _nobody(_tenant: Tenant, _ids: Ids, _labels: Named) -> None:
    pass


class Tail:
    """Entries of all tenants between the store and now, in order of position. Changed from one thread only."""

    def __init__(
        self, on_series: Callable[[Tenant, Ids, Named], None] = _nobody, rosters: Rosters | None = None
    ) -> None:
        """Start empty. `on_series` is told of series, by their ids, when the tail has samples of them and had none before.

        Entries are best named in the roster that `rosters` has for their tenant.
        """
        self._on_series = on_series
        self._rosters = rosters or Rosters()
        self._tenants: dict[Tenant, _TenantTail] = {}
        self._entries: list[Appended] = []
        self._weights: list[int] = []
        self._loose = 0  # how many of the last entries may become one
        self._rows = 0
        self._weight = 0
        self._dropped = 0

    def roster(self, tenant: Tenant) -> Roster:
        """Where a tenant's series are best named."""
        return self._rosters.of(tenant)

    @property
    def rows(self) -> int:
        """How many samples are held."""
        return self._rows

    @property
    def bounds(self) -> tuple[int, int]:
        """The first position that is held and the one after the last; the same twice when nothing is."""
        if not self._entries:
            return self._dropped, self._dropped
        return self._entries[0].first_seq, self._entries[-1].end_seq

    @property
    def weight(self) -> int:
        """About how many bytes of memory they take."""
        return self._weight

    def add(
        self,
        entry: Appended,
        labels: Sequence[Labels],
        known: Times | None = None,
        *,
        seen: tuple[Times, Times] | None = None,
        is_loose: bool = False,
    ) -> None:
        """Take an entry, which lies above all before it.

        labels: m label sets; known: int64 (k,), which of them each series of the entry has, -1 for none; None when they are
        those of its `ids`, in their order. A series without labels is kept, but not found. seen: what `entry.spans` gives, from
        whoever knows it already. is_loose: no range that is sealed already ends with the entry or begins with it, so that it may
        become one with its neighbours.
        """
        held = self._tenants.get(entry.tenant)
        if held is None:
            held = self._tenants[entry.tenant] = _TenantTail(self._rosters.of(entry.tenant), dropped=self._dropped)
        numbers = held.roster.numbers(labels).astype(np.int64)
        if known is not None:
            numbers = np.where(known >= 0, np.append(numbers, -1)[known], -1)
        held.entries.append(entry)
        fresh = held.see(entry, numbers, seen or entry.spans())
        if len(fresh):
            self._on_series(entry.tenant, entry.ids[fresh], held.roster.named(numbers[fresh].astype(np.uint32)))
        self._entries.append(entry)
        self._weights.append(entry.weight)
        self._rows += len(entry.times)
        self._weight += self._weights[-1]
        self._join(entry, is_loose=is_loose)

    def _join(self, entry: Appended, *, is_loose: bool) -> None:
        """Make one entry of the last small ones, once they are many: each costs whoever reads the tail as much as a large one."""
        if not is_loose or len(entry.times) > _SMALL_ROWS or entry.histograms.weight > _SMALL_BYTES:
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
        self._dropped = max(self._dropped, end_seq)
        for tenant in touched:
            self._tenants[tenant].drop(end_seq)
            if not self._tenants[tenant].entries:
                del self._tenants[tenant]

    def view(self, tenant: Tenant, matcher_sets: Sequence[Matchers]) -> TailView:
        """The tail of a tenant as it is now, for reading what satisfies any of the matcher sets (all, when there is none).

        Finding the series is left to the view, so that it need not happen on the thread that changes the tail.
        """
        held = self._tenants.get(tenant) or _TenantTail(Roster())
        rows = held.candidates(matcher_sets)
        labels = held.roster.named(rows.astype(np.uint32))
        return TailView(
            tuple(matcher_sets), labels, held.ids[rows], held.first[rows], held.last[rows], held.chains.view(rows)
        )

    def samples(self, tenant: Tenant, known: KnownSeries) -> TailSamples:
        """The samples of known series as they are now."""
        held = self._tenants.get(tenant)
        if held is None:
            return TailSamples(known.ascending, _NO_CHAINS.view(np.full(len(known), -1, np.int64)))
        return TailSamples(known.ascending, held.chains.view(held.numbers_of(known)))

    def extent(self, tenant: Tenant) -> tuple[int, int]:
        """When any series was seen, ms: the first and the last time; first > last where nothing is here."""
        held = self._tenants.get(tenant)
        if held is None:
            return MAX_TIME, MIN_TIME
        count = len(held.ids)
        here = held.ends[:count] > held.dropped
        first = held.first[:count].min(initial=MAX_TIME, where=here)
        return int(first), int(held.last[:count].max(initial=MIN_TIME, where=here))

    def spans(self, tenant: Tenant, labels: Named) -> tuple[Times, Times]:
        """When series (k,) were seen, int64 (k,), ms: the first and the last time.

        Where none of it is here they lie outside of every range, that of all time too.
        """
        held = self._tenants.get(tenant)
        first, last = np.full(len(labels), _AFTER_ALL), np.full(len(labels), _BEFORE_ALL)
        if held is not None:
            rows = held.roster.numbers(labels).astype(np.int64)
            here = np.flatnonzero(rows < len(held.ids))
            here = here[held.ends[rows[here]] > held.dropped]
            first[here], last[here] = held.first[rows[here]], held.last[rows[here]]
        return first, last
