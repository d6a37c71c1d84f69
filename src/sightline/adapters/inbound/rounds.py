"""Schedules of many things that are each due again and again, all of them from one heap and one timer."""

import asyncio
import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sightline.ports.clock import Clock, Timer

T = TypeVar("T")

# Timers end on whole milliseconds or so: what would be due within this begins now.
_EARLY: Final = 0.0005
# What ends on its next time is in time for it, whatever the last bits of two floats say.
_ROUNDING: Final = 1e-6
# Below so many turns that are no more, they may stay in the heap until their time would have come.
_LEFT: Final = 64


@dataclass(slots=True, eq=False)
class Place(Generic[T]):
    """Where something is in its schedule: first, first + interval, first + 2 x interval, ... in seconds of the monotonic clock.

    turn: the number of the one that is due next, or under way. due: when, infinite once it left. ticket: what it has in the
    heap, 0 for nothing. task: what is under way.
    """

    of: T
    first: float
    interval: float
    due: float
    turn: int = 0
    ticket: int = 0
    task: asyncio.Task[None] | None = None

    @property
    def is_regular(self) -> bool:
        """Whether what is due is a turn of the schedule, and none beside it."""
        return self.due == self.first + self.turn * self.interval

    @property
    def left(self) -> bool:
        """Whether it is due no more."""
        return self.due == math.inf


class Rounds(Generic[T]):
    """Calls `begin` with each place when it is due; it is due again once `again` says so, and never before.

    There is one timer and no task, however many places there are.
    """

    def __init__(self, clock: Clock, begin: Callable[[Place[T]], None]) -> None:
        self._clock = clock
        self._begin = begin
        self._heap: list[tuple[float, int, Place[T]]] = []
        self._tickets = 0  # tells places of one due time apart, and what a place has in the heap from what it had
        self._stale = 0
        self._timer: Timer | None = None
        self._wakes = math.inf

    def join(self, of: T, wait: float, interval: float) -> Place[T]:
        """Something that is due in `wait` seconds, and every `interval` seconds from then on."""
        due = self._clock.monotonic() + wait
        place = Place(of, due, interval, due)
        self._push(place)
        return place

    def leave(self, place: Place[T]) -> None:
        """It is due no more."""
        place.due = math.inf
        self._forget(place)

    def hurry(self, place: Place[T], wait: float = 0.0) -> None:
        """A turn in `wait` seconds, beside the schedule and before its next; not for one that is under way, or left.

        One that is due by then anyway is due once: thousands may ask for it before it can begin.
        """
        due = self._clock.monotonic() + wait
        if place.due <= due:
            return
        place.turn -= place.is_regular
        place.due = due
        self._forget(place)
        self._push(place)

    def again(self, place: Place[T]) -> int:
        """Its turn is over: it is due at the next time of its schedule that has not passed. Tells how many were skipped."""
        if place.left:
            return 0
        passed = math.ceil((self._clock.monotonic() - place.first) / place.interval - _ROUNDING)
        following = max(place.turn + 1, passed)
        skipped = following - place.turn - 1
        place.turn = following
        # From the turn's number: sums of intervals would drift.
        place.due = place.first + following * place.interval
        self._push(place)
        return skipped

    def stop(self) -> None:
        """Nothing is due any more."""
        self._heap.clear()
        self._wake(math.inf)

    def _forget(self, place: Place[T]) -> None:
        """What it has in the heap counts no more."""
        self._stale += place.ticket > 0
        place.ticket = 0
        if self._stale > max(_LEFT, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[2].ticket == entry[1]]
            heapq.heapify(self._heap)
            self._stale = 0

    def _push(self, place: Place[T]) -> None:
        self._tickets += 1
        place.ticket = self._tickets
        heapq.heappush(self._heap, (place.due, place.ticket, place))
        if place.due < self._wakes:
            self._wake(place.due)

    def _look(self) -> None:
        """Begin what is due."""
        now = self._clock.monotonic()
        self._wakes = -math.inf  # whatever is pushed meanwhile is looked at in the end
        try:
            while self._heap and self._heap[0][0] <= now + _EARLY:
                _, ticket, place = heapq.heappop(self._heap)
                if ticket == place.ticket:
                    place.ticket = 0
                    self._begin(place)
                else:
                    self._stale -= 1
        finally:
            self._wake(self._heap[0][0] if self._heap else math.inf)

    def _wake(self, due: float) -> None:
        """Look again then."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wakes = due
        if due < math.inf:
            self._timer = self._clock.call_later(max(_EARLY / 2, due - self._clock.monotonic()), self._look)
