"""Take samples in: check, name the series, write the log, acknowledge, tell those who listen."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.application.retain import Retain
from sightline.domain.errors import (
    BadData,
    BodyTooLarge,
    InvalidLabel,
    Overloaded,
    SampleOutOfBounds,
    SeriesIdCollision,
    SightlineError,
)
from sightline.domain.events import SamplesStored
from sightline.domain.kernels.extent import extents
from sightline.domain.kernels.identity import check_plain, identities
from sightline.domain.labels import LabelLimits, Labels, check
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.journal import NOTHING_SEEN, Appended, SeriesSeen
from sightline.domain.metrics.left_out import NO_ROWS, LeftOut, Taken, refusal
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.misread_time import hint_of_unit
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, mark_mask, together
from sightline.domain.metrics.roster import Roster, Rosters
from sightline.domain.metrics.samples import Ids, Index, Times, WriteBatch
from sightline.domain.metrics.sound_histograms import sound
from sightline.domain.metrics.span_table import Spans, SpanTable
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, MINUTE, SECOND, format_duration
from sightline.ports.bus import Bus
from sightline.ports.clock import Clock
from sightline.ports.journal import Journal
from sightline.ports.telemetry import Instrument, Kind, Telemetry

_SAMPLES: Final = Instrument(
    "sightline_ingest_samples_total",
    "Samples acknowledged: in the write-ahead log and visible to queries.",
    Kind.COUNTER,
)
_REFUSED: Final = Instrument(
    "sightline_ingest_refused_samples_total", "Samples refused, by the code of the reason.", Kind.COUNTER, ("code",)
)
_SERIES: Final = Instrument("sightline_ingest_series", "Series known to intake, all tenants together.", Kind.GAUGE)

ENTRY_ROWS: Final = 100_000
"""Samples a log entry holds at most, so that whole entries always fit into one sealed range."""
ENTRY_BYTES: Final = 16 << 20
"""Bytes of native histograms that it holds at most, but for one that takes more."""
GATHERED_ROWS: Final = 10_000
"""Samples of small batches that are logged together at most."""
# A batch up to this size waits for the append under way: an append of its own costs 160 us, in company 20 us.
_SMALL: Final = 1_000
_LAST_SEEN_EVERY: Final = HOUR
_KNOWN_SERIES: Final = 2_000_000  # all tenants together; beyond it what is known is forgotten and learnt again
_FEWEST: Final = 1024
_TURN: Final = 2_000
# Of memory, for a sample that waits: an entry of one sample takes a kilobyte, and many of them need a bound as well.
_SAMPLE_BYTES: Final = 100


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """Bounds of intake. Times in ms.

    pace: seconds between two appends of small batches, when one follows the other; what comes meanwhile goes out together.
    """

    labels: LabelLimits = field(default_factory=LabelLimits)
    retention: int = 15 * DAY
    ahead: int = 10 * MINUTE
    unflushed_samples: int = 10_000_000
    pace: float = 0.0


NOTHING_TAKEN: Final = Taken(0)

_UNLOGGED: Final = -1
_UNKNOWN: Final = -2


def _identities(texts: Spans) -> tuple[Ids, Ids]:
    """The ids of label sets and of their metrics."""
    return identities(*texts)


class _Columns:
    """What intake knows of one tenant's series, by their numbers in the roster.

    ids, metrics: uint64. first_seen, last_seen: int64, ms, what the log says of them. segments: int64, the last log segment that
    describes a series, _UNLOGGED when none does, _UNKNOWN when it was not checked or has another's id.
    """

    def __init__(self, roster: Roster) -> None:
        self.roster = roster
        self.held = SpanTable()  # the ids that series have
        self.holders = np.empty(0, np.int64)  # whose number each of them is
        self.ids = np.empty(0, np.uint64)
        self.metrics = np.empty(0, np.uint64)
        self.first_seen = np.empty(0, np.int64)
        self.last_seen = np.empty(0, np.int64)
        self.segments = np.empty(0, np.int64)

    def numbers(self, labels: Sequence[Labels]) -> Index:
        """The numbers of label sets, uint32 (k,), for all of which there is a row."""
        numbers = self.roster.numbers(labels)
        if len(self.roster) > len(self.ids):
            self._grow(max(_FEWEST, 2 * len(self.roster)))
        return numbers

    def learn(self, numbers: Index, ids: Ids, metrics: Ids) -> NDArray[np.bool_]:
        """Note the ids of series (k,) and of their metrics; tells which of the ids another series has, bool (k,)."""
        held = self.held.put(Spans.of_ids(ids))
        if len(self.held) > len(self.holders):
            self.holders = lengthened(self.holders, max(_FEWEST, 2 * len(self.held)), _UNKNOWN)
        free = np.flatnonzero(self.holders[held] == _UNKNOWN)[::-1]
        self.holders[held[free]] = numbers[free]  # of two in one batch the first, which is written last
        taken: NDArray[np.bool_] = self.holders[held] != numbers
        # Another request may have learnt some of them meanwhile.
        own = ~taken & (self.segments[numbers] == _UNKNOWN)
        fresh = numbers[own]
        self.ids[fresh], self.metrics[fresh], self.segments[fresh] = ids[own], metrics[own], _UNLOGGED
        return taken

    def described(self, members: Index, first: Times, last: Times, segment: int) -> SeriesSeen:
        """What an entry has to say of its series (k,), seen from `first` to `last` (k,): what its segment or the store lacks.

        The store is told of a series when it is new, when it is older than was known, and every hour.
        """
        unlogged = self.segments[members] < 0
        fresh = unlogged | (first < self.first_seen[members]) | (last >= self.last_seen[members] + _LAST_SEEN_EVERY)
        rows = np.flatnonzero(fresh | (self.segments[members] != segment))
        if not len(rows):
            return NOTHING_SEEN
        numbers = members[rows]
        return SeriesSeen(self.roster.named(numbers), self.ids[numbers], first[rows], last[rows], fresh[rows])

    def remember(self, seen: SeriesSeen, segment: int) -> None:
        """Note what the log now says of the series that `described` gave; only after the log has it."""
        if not len(seen):
            return
        rows = self.numbers(seen.labels)
        news, first, last = rows[seen.fresh], seen.first[seen.fresh], seen.last[seen.fresh]
        unlogged = self.segments[news] < 0
        self.first_seen[news] = np.where(unlogged, first, np.minimum(first, self.first_seen[news]))
        self.last_seen[news] = np.where(unlogged, last, np.maximum(last, self.last_seen[news]))
        self.segments[rows] = np.maximum(self.segments[rows], segment)

    def _grow(self, size: int) -> None:
        self.ids = lengthened(self.ids, size)
        self.metrics = lengthened(self.metrics, size)
        self.first_seen = lengthened(self.first_seen, size)
        self.last_seen = lengthened(self.last_seen, size)
        self.segments = lengthened(self.segments, size, _UNKNOWN)


@dataclass(slots=True, eq=False)
class _Offer:
    """A checked batch that is to be stored, the numbers of its label sets in `columns`, and who waits for that."""

    tenant: Tenant
    columns: _Columns
    batch: WriteBatch
    numbers: Index
    done: asyncio.Future[None]


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """A tenant's samples that are logged together; numbers: uint32 (k,), distinct, of the batch's label sets in `columns`."""

    tenant: Tenant
    columns: _Columns
    batch: WriteBatch
    numbers: Index


class Ingest:
    """The use case. What it returns from is acknowledged: it survives the death of the process and every query sees it.

    Small batches that come while others are being logged go out together in the next append: under load the cost of an append is
    shared, and a batch that comes alone waits for nobody. So it is for `pace` seconds after an append.

    `identify` gives the ids of label sets and of their metrics; another one is for tests of collisions.
    """

    def __init__(
        self,
        journal: Journal,
        tail: Tail,
        bus: Bus,
        clock: Clock,
        retain: Retain,
        telemetry: Telemetry,
        limits: IngestLimits,
        position: int,
        identify: Callable[[Spans], tuple[Ids, Ids]] = _identities,
        freshness: Freshness | None = None,
        rosters: Rosters | None = None,
    ) -> None:
        """`position` is the first free position of the log. `freshness` is told how old the samples are that become visible.

        Series are named in `rosters`.
        """
        self._journal = journal
        self._tail = tail
        self._bus = bus
        self._clock = clock
        self._retain = retain
        self._telemetry = telemetry
        self._limits = limits
        # Milliseconds lead the positions, so that they grow, and range ids stay unique, even when a log folder was lost.
        self._position = max(position, clock.now() << 20)
        self._identify = identify
        self._rosters = rosters or Rosters()
        self._freshness = freshness or Freshness()
        self._tenants: dict[Tenant, _Columns] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._small: deque[_Offer] = deque()
        self._gathering = False

    async def __call__(self, principal: Principal, batch: WriteBatch) -> int:
        """Store a batch under the principal's tenant; returns how many samples were acknowledged.

        Raises:
            InvalidHistogram, InvalidLabel, SampleOutOfBounds, SeriesIdCollision: samples were left out for this reason, of several
                the first; all others are stored. Its detail says how many: `refused` and `stored`.
            Overloaded, StorageFull, Unavailable: nothing is stored; try again later.
        """
        taken = await self.partly(principal, batch)
        if taken.left_out:
            raise refusal(taken.left_out, taken.samples)
        return taken.samples

    async def partly(self, principal: Principal, batch: WriteBatch, unread: Sequence[LeftOut] = ()) -> Taken:
        """As a call, but what was left out is part of the answer; before that, `unread`: what a decoder could not make samples of.

        Raises:
            Overloaded, StorageFull, Unavailable: nothing is stored; try again later.
        """
        self._retain.check()
        for each in unread:
            self._telemetry.add(_REFUSED, each.samples, (each.error.code,))
        if len(batch) == 0:
            return Taken(0, left_out=tuple(unread)) if unread else NOTHING_TAKEN
        self._check_room(batch)
        brought, rows = len(batch), None
        batch, left_out, kept = sound(batch)
        if kept is not None:
            rows = np.flatnonzero(kept)
        batch, outside, kept = self.within_bounds(batch)
        if kept is not None:
            left_out += outside
            rows = _among(rows, kept)
        columns = self._columns(principal.tenant)
        numbers, refused = await self._resolve(columns, batch)
        if refused:
            left_out += _causes(columns, batch, numbers, refused)
            kept = (columns.segments[numbers] != _UNKNOWN)[batch.series]
            batch, rows = batch.only(kept), _among(rows, kept)
        if len(batch):
            await self._logged(principal.tenant, columns, batch, numbers)
        for each in left_out:
            self._telemetry.add(_REFUSED, each.samples, (each.error.code,))
        lost = NO_ROWS if rows is None else np.setdiff1d(np.arange(brought), rows, assume_unique=True)
        return Taken(len(batch), len(batch.histograms), (*unread, *left_out), lost)

    def roster(self, tenant: Tenant) -> Roster:
        """Where a decoder may name a tenant's series, which spares intake looking at their labels."""
        return self._columns(tenant).roster

    def within_bounds(self, batch: WriteBatch) -> tuple[WriteBatch, list[LeftOut], NDArray[np.bool_] | None]:
        """The samples that are neither too old nor too far ahead, what of the batch is, and which they are: None if all.

        For who makes others of them first; what is refused here is counted where it is given to `partly` as `unread`.
        """
        if not len(batch):
            return batch, [], None
        now = self._clock.now()
        oldest, newest = now - self._limits.retention, now + self._limits.ahead
        first, last = _ends(batch.times)
        if oldest <= first and last <= newest:
            return batch, [], None
        left_out = []
        if first < oldest:
            at = int(batch.times.argmin())
            no_time = "" if batch.times[at] else "has no time: it "
            unit = hint_of_unit(int(batch.times[at]), now)
            said = f"{no_time}is older than retention = {format_duration(self._limits.retention)} keeps{unit}"
            left_out.append(_out_of_bounds(batch, at, said, int(np.count_nonzero(batch.times < oldest))))
        if last > newest:
            at = int(batch.times.argmax())
            by = format_duration((int(batch.times[at]) - now) // SECOND * SECOND)
            clock = f"{datetime.fromtimestamp(now / SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
            ahead = format_duration(self._limits.ahead)
            cause = hint_of_unit(int(batch.times[at]), now) or ": set the sender's clock"
            said = f"is {by} ahead of this server's clock, {clock}, and intake.ahead allows {ahead}{cause}"
            left_out.append(_out_of_bounds(batch, at, said, int(np.count_nonzero(batch.times > newest))))
        kept = (batch.times >= oldest) & (batch.times <= newest)
        return batch.only(kept), left_out, kept

    async def drain(self) -> None:
        """Wait for what is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _check_room(self, batch: WriteBatch) -> None:
        bound = self._limits.unflushed_samples
        if self._tail.rows + len(batch) > bound or self._tail.weight > bound * _SAMPLE_BYTES:
            self._telemetry.add(_REFUSED, len(batch), (Overloaded.code,))
            message = (
                f"{self._tail.rows} samples in {self._tail.weight} bytes wait for the store and intake.unflushed_samples "
                f"allows {bound} of {_SAMPLE_BYTES} bytes: samples are taken again once it has caught up"
            )
            raise Overloaded(message, retry_after=5)

    def _columns(self, tenant: Tenant) -> _Columns:
        columns = self._tenants.get(tenant)
        if columns is None:
            columns = self._tenants[tenant] = _Columns(self._rosters.of(tenant))
        return columns

    async def _resolve(self, columns: _Columns, batch: WriteBatch) -> tuple[Index, dict[int, BadData]]:
        """The numbers of the batch's label sets, and why some of these numbers are refused."""
        numbers = columns.numbers(batch.labels)
        if len(numbers) == 1 and columns.segments.item(numbers.item()) != _UNKNOWN:  # a tenth of what follows
            return numbers, {}
        fresh = numbers[columns.segments[numbers] == _UNKNOWN]
        if not len(fresh):
            return numbers, {}
        if self._rosters.total > _KNOWN_SERIES:
            self._tenants = {}
            self._rosters.begin_anew()
        refused: dict[int, BadData] = {}
        async for some in _in_turns(fresh):
            refused |= self._not_allowed(columns.roster, some)
        if refused:
            fresh = fresh[~np.isin(fresh, list(refused))]
        async for some in _in_turns(fresh):
            taken = columns.learn(some, *self._identify(columns.roster.texts(some)))
            for number in some[taken].tolist():
                said = f"series {columns.roster.named(np.array([number], np.uint32))[0]} has the id of another series"
                refused[number] = SeriesIdCollision(said)
        self._telemetry.set(_SERIES, sum(len(one.held) for one in self._tenants.values()))
        return numbers, refused

    def _not_allowed(self, roster: Roster, numbers: Index) -> dict[int, BadData]:
        """Label sets that cannot be series, and why; only those that are not plainly good are looked at one by one."""
        limits, plain = self._limits.labels, np.empty(len(numbers), np.bool_)
        check_plain(*roster.texts(numbers), limits.labels, limits.name_bytes, limits.value_bytes, plain)
        refused: dict[int, BadData] = {}
        doubtful = numbers[~plain]
        for number, labels in zip(doubtful.tolist(), roster.named(doubtful), strict=True):
            try:
                check(labels, limits)
            except InvalidLabel as error:
                refused[number] = error
        return refused

    async def _logged(self, tenant: Tenant, columns: _Columns, batch: WriteBatch, numbers: Index) -> None:
        """Return once the batch is acknowledged. Its caller may leave: it is stored all the same, so that log and tail agree."""
        offer = _Offer(tenant, columns, batch, numbers, asyncio.get_running_loop().create_future())
        if len(batch) > _SMALL:
            self._start(self._store([offer]))
        else:
            self._small.append(offer)
            if not self._gathering:
                self._gathering = True
                self._start(self._gather())
        await offer.done

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _gather(self) -> None:
        """Store small batches, always all that wait, until none is left."""
        try:
            while self._small:
                await self._store(self._next_group())
                if self._limits.pace:
                    await self._clock.sleep(self._limits.pace)
        except BaseException as error:
            _settle(self._small, error)
            self._small.clear()
            raise
        finally:
            self._gathering = False

    def _next_group(self) -> list[_Offer]:
        """The oldest offers that wait, of so many samples as may be logged together."""
        group = [self._small.popleft()]
        room = GATHERED_ROWS - len(group[0].batch)
        while self._small and len(self._small[0].batch) <= room:
            group.append(self._small.popleft())
            room -= len(group[-1].batch)
        return group

    async def _store(self, offers: Sequence[_Offer]) -> None:
        """Store what is offered, and tell those who wait for it."""
        try:
            await self._append(offers)
        except BodyTooLarge as error:
            if len(offers) == 1:
                _settle(offers, error)
            for offer in offers if len(offers) > 1 else ():  # too much together, but perhaps not each alone
                await self._store([offer])
        except SightlineError as error:
            _settle(offers, error)
        except BaseException as error:
            _settle(offers, error)
            raise
        else:
            _settle(offers, None)

    async def _append(self, offers: Sequence[_Offer]) -> None:
        """Log, tail, bus. Up to the log's append there is no wait, so that entries stand in order of position."""
        segment = self._journal.segment()
        entries, members, stored = [], [], []
        for group in _by_tenant(offers):
            stored.append(SamplesStored(group.tenant, group.batch))
            for rows, histograms in _cuts(group.batch):
                entry, numbers, seen = self._entry(group, rows, histograms, segment)
                entries.append(entry)
                members.append((group.columns, numbers, seen))
        await self._journal.append(entries)
        for entry, (columns, numbers, seen) in zip(entries, members, strict=True):
            self._tail.add(entry, columns.roster.named(numbers), seen=seen, is_loose=True)
            columns.remember(entry.seen, segment)
        self._telemetry.add(_SAMPLES, sum(len(entry.times) for entry in entries))
        for event in stored:
            self._freshness.note(event.tenant, _ends(event.batch.times)[0])
            self._bus.publish(event)

    def _entry(
        self, group: _Group, rows: slice, histograms: Histograms, segment: int
    ) -> tuple[Appended, Index, tuple[Times, Times]]:
        """The entry of some samples of a batch, the numbers of its series, and when each was seen."""
        columns, batch = group.columns, group.batch
        members, index = group.numbers, batch.series[rows]
        first, last = extents(index, batch.times[rows], len(members))
        used = first <= last
        if not used.all():
            members, index = members[used], (np.cumsum(used) - 1).astype(np.uint32)[index]
            first, last = first[used], last[used]
        seen = columns.described(members, first, last, segment)
        entry = Appended(
            group.tenant,
            self._position,
            seen,
            columns.ids[members],
            columns.metrics[members],
            index,
            batch.times[rows],
            batch.values[rows],
            histograms,
        )
        self._position = entry.end_seq
        return entry, members, (first, last)


def _ends(times: Times) -> tuple[int, int]:
    """The first and the last time; of one alone without the search, which takes 2 us each."""
    if len(times) == 1:
        return (one := int(times[0])), one
    return int(times.min()), int(times.max())


def _settle(offers: Sequence[_Offer], error: BaseException | None) -> None:
    """Tell everybody who still waits how it ended."""
    for offer in offers:
        if offer.done.done():
            continue
        if error is None:
            offer.done.set_result(None)
        else:
            offer.done.set_exception(error)


def _by_tenant(offers: Sequence[_Offer]) -> list[_Group]:
    """What is offered as one batch a tenant, samples in the order in which they came."""
    groups: dict[_Columns, list[_Offer]] = {}
    for offer in offers:
        groups.setdefault(offer.columns, []).append(offer)
    return [_together(columns, group) for columns, group in groups.items()]


def _together(columns: _Columns, offers: Sequence[_Offer]) -> _Group:
    """One tenant's batches as one, each series once, whatever a batch says: what was taken twice could not be given up again."""
    numbers = offers[0].numbers if len(offers) == 1 else np.concatenate([offer.numbers for offer in offers])
    ordered = np.sort(numbers)
    distinct = ordered[np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]]
    if len(offers) == 1 and len(distinct) == len(numbers):
        # Named whatever it was, so that who listens need not look at labels either.
        whole = offers[0].batch
        batch = WriteBatch(columns.roster.named(numbers), whole.series, whole.times, whole.values, whole.histograms)
        return _Group(offers[0].tenant, columns, batch, numbers)
    series = np.concatenate([offer.numbers[offer.batch.series] for offer in offers])
    batch = WriteBatch(
        columns.roster.named(distinct),
        np.searchsorted(distinct, series).astype(np.uint32),
        np.concatenate([offer.batch.times for offer in offers]),
        np.concatenate([offer.batch.values for offer in offers]),
        together([offer.batch.histograms for offer in offers]),
    )
    return _Group(offers[0].tenant, columns, batch, distinct)


def _cuts(batch: WriteBatch) -> Iterator[tuple[slice, Histograms]]:
    """The rows of each entry and their histograms: as many samples as an entry may hold in number and in bytes."""
    if not len(batch.histograms):
        for start in range(0, len(batch), ENTRY_ROWS):
            yield slice(start, start + ENTRY_ROWS), NO_HISTOGRAMS
        return
    marks = np.append(0, np.cumsum(mark_mask(batch.values)))
    ends = np.append(0, np.cumsum(batch.histograms.weights))[marks]
    start = 0
    while start < len(batch):
        fitting = int(np.searchsorted(ends, ends[start] + ENTRY_BYTES, "right")) - 1
        after = min(max(fitting, start + 1), start + ENTRY_ROWS, len(batch))
        rows, is_all = np.arange(marks[start], marks[after]), after - start == len(batch)
        yield slice(start, after), batch.histograms if is_all else batch.histograms.take(rows)
        start = after


async def _in_turns(numbers: Index) -> AsyncIterator[Index]:
    """The numbers, `_TURN` at a time; others have a turn in between, for a new series costs about a microsecond."""
    for start in range(0, len(numbers), _TURN):
        if start:
            await asyncio.sleep(0)
        yield numbers[start : start + _TURN]


def _out_of_bounds(batch: WriteBatch, at: int, said: str, samples: int) -> LeftOut:
    """What the sample at a row has to be left out for, and with it `samples` in all."""
    series, time = str(batch.labels[int(batch.series[at])]), int(batch.times[at])
    return LeftOut(
        SampleOutOfBounds(f"series {series}: the sample of {time} ms {said}", series=series, time=time), samples
    )


def _among(rows: NDArray[np.intp] | None, kept: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Those of some rows, or of all where there is None, that are kept."""
    return np.flatnonzero(kept) if rows is None else rows[kept]


def _causes(columns: _Columns, batch: WriteBatch, numbers: Index, refused: Mapping[int, BadData]) -> list[LeftOut]:
    """Why samples of refused series are left out, each kind of reason once and told of its first series, in their order."""
    counts = np.bincount(batch.series, minlength=len(numbers))
    kinds: dict[str, tuple[BadData, int, int]] = {}
    for place in np.flatnonzero(columns.segments[numbers] == _UNKNOWN).tolist():
        if not counts[place]:
            continue
        error = refused[int(numbers[place])]
        first, series, samples = kinds.get(error.code, (error, 0, 0))
        kinds[error.code] = first, series + 1, samples + int(counts[place])
    return [LeftOut(_with_more(first, series - 1), samples) for first, series, samples in kinds.values()]


def _with_more(error: BadData, series: int) -> BadData:
    """The error of one series, where it stands for so many more."""
    return type(error)(f"{error.message} (and {series} more series)", **error.detail) if series else error
