"""Tell a listener what is stored from now on: filtered, coalesced, and never at the expense of others."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from sightline.domain.events import AlertChanged, Event, SamplesStored
from sightline.domain.labels import Labels, Matchers, satisfies
from sightline.domain.metrics.lengthened import lengthened
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.roster import Named, Roster
from sightline.domain.metrics.samples import Times, Values, WriteBatch
from sightline.domain.tenancy import Principal
from sightline.ports.bus import Bus, Subscription
from sightline.ports.clock import Clock

INTERVAL: Final = 0.25
"""Seconds between two tellings at least: four a second."""
MAX_PENDING_SAMPLES: Final = 20_000
"""How many samples wait for a listener before it loses its oldest."""
MAX_PENDING_ALERTS: Final = 1_000
"""Likewise for alert changes."""

# After so many decisions the loop gets its turn: about a millisecond.
_DECISIONS_A_TURN: Final = 2_000
_FEWEST_DECISIONS: Final = 1_024
_UNDECIDED: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class LiveSamples:
    """Samples of s series that were stored since the last telling; within a series in the order in which they came.

    labels: s label sets, distinct. offsets: int64 (s + 1,); series i has times[offsets[i]:offsets[i + 1]], likewise values.
    times: int64 (n,), ms. values: float64 (n,).
    """

    labels: tuple[Labels, ...]
    offsets: NDArray[np.int64]
    times: Times
    values: Values


@dataclass(frozen=True, slots=True)
class Dropped:
    """What this listener missed because it was slow: samples and alert changes it asked for, and whole unread events."""

    samples: int
    alerts: int
    events: int


Update = LiveSamples | AlertChanged | Dropped


class Selection:
    """Which series a set of matcher sets selects; no sets select all. Decisions are remembered, for one roster at a time."""

    def __init__(self, matcher_sets: tuple[Matchers, ...]) -> None:
        self._matcher_sets = matcher_sets
        self._roster = Roster()
        self._decisions = np.empty(0, np.int8)

    async def keep(self, labels: Sequence[Labels]) -> NDArray[np.bool_] | None:
        """Which of k label sets are selected, bool (k,); None when all are, without a look at them."""
        if not self._matcher_sets:
            return None
        named = labels if isinstance(labels, Named) else _named(labels)
        if named.roster is not self._roster:
            self._roster, self._decisions = named.roster, np.empty(0, np.int8)
        if len(self._roster) > len(self._decisions):
            size = max(_FEWEST_DECISIONS, 2 * len(self._roster))
            self._decisions = lengthened(self._decisions, size, _UNDECIDED)
        decisions = self._decisions
        undecided = named.numbers[decisions[named.numbers] == _UNDECIDED].tolist()
        for at, number in enumerate(undecided, 1):
            decisions[number] = self._selects(named.roster[number])
            if at % _DECISIONS_A_TURN == 0:
                await asyncio.sleep(0)
        return np.equal(decisions[named.numbers], 1)

    def _selects(self, labels: Labels) -> bool:
        return any(satisfies(labels, matchers) for matchers in self._matcher_sets)


def _named(labels: Sequence[Labels]) -> Named:
    """Label sets that nobody has numbered, with numbers for this once."""
    roster = Roster()
    return roster.named(roster.numbers(labels))


class Feed:
    """One listener's updates: iterate to get, at most every INTERVAL seconds, all that came in between; ends with the bus.

    An iteration step yields at most one LiveSamples, then alert changes in their order; a Dropped comes first.
    """

    def __init__(self, subscription: Subscription, selection: Selection, clock: Clock) -> None:
        self._subscription = subscription
        self._selection = selection
        self._clock = clock
        self._news = asyncio.Event()
        self._samples: deque[WriteBatch] = deque()
        self._waiting = 0
        self._alerts: deque[AlertChanged] = deque()
        self._missed_samples = 0
        self._missed_alerts = 0
        self._told = -INTERVAL + clock.monotonic()
        self._ended = False

    def __aiter__(self) -> AsyncIterator[tuple[Update, ...]]:
        """The feed itself: one reader."""
        return self

    async def __anext__(self) -> tuple[Update, ...]:
        """Wait until there is something to tell and INTERVAL has passed since the last telling."""
        while not self._samples and not self._alerts:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        pause = self._told + INTERVAL - self._clock.monotonic()
        if pause > 0:
            await self._clock.sleep(pause)
        self._told = self._clock.monotonic()
        return self._take()

    async def listen(self) -> None:
        """Gather events until the bus closes; runs beside the reader, so that a slow one never lets the bus overflow."""
        try:
            async for event in self._subscription:
                await self._gather(event)
        finally:
            self._ended = True
            self._news.set()

    async def _gather(self, event: Event) -> None:
        if isinstance(event, AlertChanged):
            if len(self._alerts) >= MAX_PENDING_ALERTS:
                self._alerts.popleft()
                self._missed_alerts += 1
            self._alerts.append(event)
        elif isinstance(event, SamplesStored):
            batch = _part(event.batch, await self._selection.keep(event.batch.labels))
            if not len(batch):
                return
            self._samples.append(batch)
            self._waiting += len(batch)
            self._shorten()
        else:
            return
        self._news.set()

    def _shorten(self) -> None:
        """Lose the oldest samples above the bound; of one batch that is larger than the bound its last samples stay."""
        while self._waiting > MAX_PENDING_SAMPLES:
            oldest = self._samples.popleft()
            excess = min(self._waiting - MAX_PENDING_SAMPLES, len(oldest))
            self._waiting -= excess
            self._missed_samples += excess
            if excess < len(oldest):
                self._samples.appendleft(_tail(oldest, excess))

    def _take(self) -> tuple[Update, ...]:
        updates: list[Update] = []
        events = self._subscription.take_dropped()
        if self._missed_samples or self._missed_alerts or events:
            updates.append(Dropped(self._missed_samples, self._missed_alerts, events))
        if self._samples:
            updates.append(_merged(self._samples))
        updates.extend(self._alerts)
        self._missed_samples = self._missed_alerts = self._waiting = 0
        self._samples.clear()
        self._alerts.clear()
        return tuple(updates)


class Tail:
    """Live updates of a principal's tenant."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._selections: WeakValueDictionary[tuple[Matchers, ...], Selection] = WeakValueDictionary()

    @asynccontextmanager
    async def __call__(self, principal: Principal, matcher_sets: Sequence[Matchers] = ()) -> AsyncIterator[Feed]:
        """Listen from entry to exit to what any of the matcher sets selects (no sets: everything) and to alert changes."""
        wanted = tuple(matcher_sets)
        selection = self._selections.setdefault(wanted, Selection(wanted))
        async with self._bus.subscribe(principal.tenant) as subscription:
            feed = Feed(subscription, selection, self._clock)
            listening = asyncio.create_task(feed.listen())
            try:
                yield feed
            finally:
                listening.cancel()
                await asyncio.wait({listening})
                if not listening.cancelled():
                    listening.result()


def _part(batch: WriteBatch, kept: NDArray[np.bool_] | None) -> WriteBatch:
    """The samples of the kept series that are numbers; the label sets stay numbered as they are."""
    if len(batch.histograms):
        batch = batch.only(~mark_mask(batch.values))
    if kept is None or kept.all():
        return batch
    return batch.only(kept[batch.series])


def _tail(batch: WriteBatch, start: int) -> WriteBatch:
    """The samples from `start` on, copied so that the others can be freed."""
    return WriteBatch(
        batch.labels, batch.series[start:].copy(), batch.times[start:].copy(), batch.values[start:].copy()
    )


def _merged(batches: Sequence[WriteBatch] | deque[WriteBatch]) -> LiveSamples:
    """All batches as one, samples grouped by series."""
    number: dict[Labels, int] = {}
    parts = []
    for batch in batches:
        used = np.unique(batch.series)
        renumbered = np.zeros(len(batch.labels), np.int64)
        renumbered[used] = [number.setdefault(batch.labels[one], len(number)) for one in used.tolist()]
        parts.append(renumbered[batch.series])
    series = np.concatenate(parts)
    order = np.argsort(series, kind="stable")
    offsets = np.zeros(len(number) + 1, np.int64)
    np.cumsum(np.bincount(series, minlength=len(number)), out=offsets[1:])
    times = np.concatenate([batch.times for batch in batches])[order]
    values = np.concatenate([batch.values for batch in batches])[order]
    return LiveSamples(tuple(number), offsets, times, values)
