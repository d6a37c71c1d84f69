"""Take samples in: check, name the series, write the log, acknowledge, tell those who listen."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.application.retain import Retain
from sightline.domain.errors import BodyTooLarge, Overloaded, SampleOutOfBounds, SeriesIdCollision, SightlineError
from sightline.domain.events import SamplesStored
from sightline.domain.labels import LabelLimits, Labels, check, metric_id, series_id
from sightline.domain.metrics.journal import Appended, SeriesSeen
from sightline.domain.metrics.samples import Times, WriteBatch
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Principal, Tenant
from sightline.domain.timerange import DAY, HOUR, MINUTE, format_duration
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
GATHERED_ROWS: Final = 10_000
"""Samples of small batches that are logged together at most."""
# A batch up to this size waits for the append under way: an append of its own costs 160 us, in company 20 us.
_SMALL: Final = 1_000
_LAST_SEEN_EVERY: Final = HOUR
_KNOWN_SERIES: Final = 1_000_000  # all tenants together; beyond it what is known is forgotten and learnt again
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


@dataclass(slots=True, eq=False)
class _Known:
    """A series that intake has met: what the log and the store know of it."""

    labels: Labels
    id: int
    metric: int
    first_seen: int = 0
    last_seen: int = 0
    segment: int = -1  # the last log segment that describes it


@dataclass(slots=True)
class _TenantSeries:
    """One tenant's known series, by labels and by id."""

    by_labels: dict[Labels, _Known] = field(default_factory=dict)
    by_id: dict[int, _Known] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Offer:
    """A checked batch that is to be stored, and who waits for that."""

    tenant: Tenant
    batch: WriteBatch
    known: list[_Known | None]
    done: asyncio.Future[None]


class Ingest:
    """The use case. What it returns from is acknowledged: it survives the death of the process and every query sees it.

    Small batches that come while others are being logged go out together in the next append: under load the cost of an append is
    shared, and a batch that comes alone waits for nobody. So it is for `pace` seconds after an append.

    `identify` gives the id of a label set; another one is for tests of collisions.
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
        identify: Callable[[Labels], int] = series_id,
    ) -> None:
        """`position` is the first free position of the log."""
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
        self._tenants: dict[Tenant, _TenantSeries] = {}
        self._known = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._small: deque[_Offer] = deque()
        self._gathering = False

    async def __call__(self, principal: Principal, batch: WriteBatch) -> int:
        """Store a batch under the principal's tenant; returns how many samples were acknowledged.

        A batch is taken whole or not at all, but for series refused because of an id collision.

        Raises:
            InvalidLabel: a label set cannot be a series.
            SampleOutOfBounds: a sample is older than the retention or too far ahead.
            SeriesIdCollision: some series were refused; the rest is stored.
            Overloaded, StorageFull, Unavailable: nothing is stored; try again later.
        """
        self._retain.check()
        if len(batch) == 0:
            return 0
        self._check_room(batch)
        self._check_times(batch)
        known, refused = await self._resolve(principal.tenant, batch)
        if refused:
            brought = len(batch)
            batch, known = _without(batch, known)
            self._telemetry.add(_REFUSED, brought - len(batch), (SeriesIdCollision.code,))
        if len(batch):
            await self._logged(principal.tenant, batch, known)
        if refused:
            message = f"series {refused[0]} has the id of another series and was refused, {len(refused)} in all; the rest is stored"
            raise SeriesIdCollision(message, refused=len(refused))
        return len(batch)

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

    def _check_times(self, batch: WriteBatch) -> None:
        now = self._clock.now()
        oldest, newest = now - self._limits.retention, now + self._limits.ahead
        first, last = _ends(batch.times)
        if oldest <= first and last <= newest:
            return
        at = int(batch.times.argmin()) if first < oldest else int(batch.times.argmax())
        series, time = batch.labels[int(batch.series[at])], int(batch.times[at])
        self._telemetry.add(_REFUSED, len(batch), (SampleOutOfBounds.code,))
        if first < oldest:
            kept = format_duration(self._limits.retention)
            message = (
                f"series {series}: the sample of {time} ms is older than retention = {kept} keeps; nothing was stored"
            )
        else:
            ahead = format_duration(self._limits.ahead)
            message = (
                f"series {series}: the sample of {time} ms is more than intake.ahead = {ahead} in the future; "
                "nothing was stored"
            )
        raise SampleOutOfBounds(message, series=str(series), time=time)

    async def _resolve(self, tenant: Tenant, batch: WriteBatch) -> tuple[list[_Known | None], list[Labels]]:
        """The known series of the batch's label sets, None for those refused; and the refused label sets."""
        if self._known + len(self._tenants) > _KNOWN_SERIES:
            self._tenants, self._known = {}, 0
        series = self._tenants.setdefault(tenant, _TenantSeries())
        found = [series.by_labels.get(labels) for labels in batch.labels]
        fresh = [labels for labels, known in zip(batch.labels, found, strict=True) if known is None]
        if not fresh:
            return found, []
        async for labels in _in_turns(fresh):
            check(labels, self._limits.labels)
        refused = [labels async for labels in _in_turns(fresh) if not self._learn(series, labels)]
        self._telemetry.set(_SERIES, self._known)
        return [series.by_labels.get(labels) for labels in batch.labels], refused

    def _learn(self, series: _TenantSeries, labels: Labels) -> bool:
        one = self._identify(labels)
        holder = series.by_id.get(one)
        if holder is not None:  # another request may have learnt it meanwhile
            return holder.labels == labels
        self._known += 1
        known = _Known(labels, one, metric_id(labels.name))
        series.by_labels[labels] = series.by_id[one] = known
        return True

    async def _logged(self, tenant: Tenant, batch: WriteBatch, known: list[_Known | None]) -> None:
        """Return once the batch is acknowledged. Its caller may leave: it is stored all the same, so that log and tail agree."""
        offer = _Offer(tenant, batch, known, asyncio.get_running_loop().create_future())
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
        entries, series, stored = [], [], []
        for tenant, batch, known in _by_tenant(offers):
            stored.append(SamplesStored(tenant, batch))
            for start in range(0, len(batch), ENTRY_ROWS):
                entry, members = self._entry(tenant, batch, known, slice(start, start + ENTRY_ROWS), segment)
                entries.append(entry)
                series.append(members)
        await self._journal.append(entries)
        for entry, members in zip(entries, series, strict=True):
            self._tail.add(entry, [member.labels for member in members])
            _remember(entry, members, segment)
        self._telemetry.add(_SAMPLES, sum(len(entry.times) for entry in entries))
        for event in stored:
            self._bus.publish(event)

    def _entry(
        self, tenant: Tenant, batch: WriteBatch, known: list[_Known | None], rows: slice, segment: int
    ) -> tuple[Appended, list[_Known]]:
        used, index = np.unique(batch.series[rows], return_inverse=True)
        members = [one for one in (known[i] for i in used.tolist()) if one is not None]
        members, index = _distinct(members, index)
        entry = Appended(
            tenant,
            self._position,
            (),
            np.array([one.id for one in members], np.uint64),
            np.array([one.metric for one in members], np.uint64),
            index.astype(np.uint32),
            batch.times[rows],
            batch.values[rows],
        )
        self._position = entry.end_seq
        return _described(entry, members, segment), members


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


def _by_tenant(offers: Sequence[_Offer]) -> Iterator[tuple[Tenant, WriteBatch, list[_Known | None]]]:
    """What is offered as one batch a tenant, samples in the order in which they came."""
    if len(offers) == 1:
        yield offers[0].tenant, offers[0].batch, offers[0].known
        return
    groups: dict[Tenant, list[_Offer]] = {}
    for offer in offers:
        groups.setdefault(offer.tenant, []).append(offer)
    for tenant, group in groups.items():
        yield tenant, *_together(group)


def _together(offers: Sequence[_Offer]) -> tuple[WriteBatch, list[_Known | None]]:
    """One tenant's batches as one, each series once."""
    places: dict[_Known, int] = {}
    series = []
    for offer in offers:
        numbers = [0 if one is None else places.setdefault(one, len(places)) for one in offer.known]
        series.append(np.array(numbers, np.uint32)[offer.batch.series])
    batch = WriteBatch(
        tuple(known.labels for known in places),
        np.concatenate(series),
        np.concatenate([offer.batch.times for offer in offers]),
        np.concatenate([offer.batch.values for offer in offers]),
    )
    return batch, list(places)


def _distinct(members: list[_Known], index: NDArray[np.intp]) -> tuple[list[_Known], NDArray[np.intp]]:
    """Each series once, whatever the batch says: what was taken twice could not be given up again."""
    if len(set(members)) == len(members):
        return members, index
    places = {one: place for place, one in enumerate(dict.fromkeys(members))}
    return list(places), np.array([places[one] for one in members], np.intp)[index]


async def _in_turns(labels: Sequence[Labels]) -> AsyncIterator[Labels]:
    """The label sets one by one; others have a turn after every `_TURN`, for a new one costs about 10 us."""
    for number, one in enumerate(labels, 1):
        yield one
        if number % _TURN == 0:
            await asyncio.sleep(0)


def _described(entry: Appended, members: list[_Known], segment: int) -> Appended:
    """The entry with the descriptions that its segment or the store still lacks."""
    firsts, lasts = entry.spans()
    seen = []
    for known, first, last in zip(members, firsts.tolist(), lasts.tolist(), strict=True):
        fresh = _is_news(known, first, last)
        if fresh or known.segment != segment:
            seen.append(SeriesSeen(known.id, known.labels, first, last, fresh))
    return replace(entry, seen=tuple(seen))


def _is_news(known: _Known, first: int, last: int) -> bool:
    """Whether the store's row of a series is missing, or an hour behind."""
    return known.segment < 0 or first < known.first_seen or last >= known.last_seen + _LAST_SEEN_EVERY


def _remember(entry: Appended, members: list[_Known], segment: int) -> None:
    """Note what the log now says of the described series; only after the log has it."""
    by_id = {one.id: one for one in members}
    for seen in entry.seen:
        known = by_id[seen.id]
        if seen.fresh:
            unknown = known.segment < 0
            known.first_seen = seen.first_seen if unknown else min(known.first_seen, seen.first_seen)
            known.last_seen = seen.last_seen if unknown else max(known.last_seen, seen.last_seen)
        known.segment = max(known.segment, segment)


def _without(batch: WriteBatch, known: list[_Known | None]) -> tuple[WriteBatch, list[_Known | None]]:
    """The batch without the samples of refused series; label sets keep their places."""
    keep = np.array([one is not None for one in known], np.bool_)[batch.series]
    return WriteBatch(batch.labels, batch.series[keep], batch.times[keep], batch.values[keep]), known
