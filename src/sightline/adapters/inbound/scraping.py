"""Time as a caller of scrapes: each target on its own schedule, all of them from one heap."""

import asyncio
import heapq
import math
from collections.abc import Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import structlog

from sightline.application.follow import Follow
from sightline.application.scrape import Followed, Scrape
from sightline.domain.errors import SightlineError
from sightline.domain.timerange import SECOND
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

LATENESS: Final = Instrument(
    "sightline_scrape_lateness_seconds",
    "How long after its time a scrape began.",
    Kind.HISTOGRAM,
    (),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 15.0),
)
SKIPPED: Final = Instrument(
    "sightline_scrape_skipped_total",
    "Times at which a target was not scraped because its scrape before still went on.",
    Kind.COUNTER,
)
LOOK_EVERY: Final = 5.0
"""Seconds after which target files are read again."""

# Sleeps end on whole milliseconds or so: a scrape that would be due within this begins now.
_EARLY: Final = 0.0005
# A scrape that ends on its next time is in time for it, whatever the last bits of two floats say.
_ROUNDING: Final = 1e-6

_log = structlog.get_logger("sightline.scraping")


@dataclass(slots=True, eq=False)
class _Entry:
    """A target's schedule: first, first + interval, first + 2 x interval, ... in seconds of the monotonic clock."""

    one: Followed
    first: float
    interval: float
    turn: int = 0
    gone: bool = False
    task: asyncio.Task[None] | None = None

    @property
    def due(self) -> float:
        return self.first + self.turn * self.interval


class ScrapeLoop:
    """Looks for targets every `look_every` seconds and scrapes each on its own schedule. Use as an async context.

    Where in its interval a target is scraped depends on it alone and on the wall clock, so that targets are spread and keep their
    place over a restart. A target's scrapes never overlap: times that pass during one are skipped and counted. A target that
    leaves is not waited for: its scrape under way is cancelled and its series are marked stale. On exit nothing is marked:
    the program comes back.
    """

    def __init__(
        self, follow: Follow, scrape: Scrape, clock: Clock, telemetry: Telemetry, *, look_every: float = LOOK_EVERY
    ) -> None:
        self._follow = follow
        self._scrape = scrape
        self._clock = clock
        self._telemetry = telemetry
        self._look_every = look_every
        self._entries: dict[Followed, _Entry] = {}
        self._heap: list[tuple[float, int, _Entry]] = []
        self._pushed = 0  # tells entries of one due time apart
        self._nap: asyncio.Future[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._problems: list[str] = []

    async def __aenter__(self) -> Self:
        await self._look()
        self._spawn(self._look_again(), "scrape:look")
        self._spawn(self._run(), "scrape:schedule")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            now = self._clock.monotonic()
            while self._heap and self._heap[0][0] <= now + _EARLY:
                entry = heapq.heappop(self._heap)[2]
                if not entry.gone:
                    entry.task = self._spawn(self._turn(entry), "scrape")
            await self._sleep(self._heap[0][0] - now if self._heap else self._look_every)

    async def _sleep(self, seconds: float) -> None:
        """Until then, or until an entry is pushed that is due earlier."""
        self._nap = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({self._nap})
        finally:
            self._nap.cancel()

    async def _turn(self, entry: _Entry) -> None:
        """One scrape, and its place in the heap for the next."""
        self._telemetry.observe(LATENESS, max(0.0, self._clock.monotonic() - entry.due))
        try:
            await self._scrape.once(entry.one)
        except asyncio.CancelledError:
            entry.gone = True
            raise
        finally:  # also after a defect, which ends this scrape and not the target
            entry.task = None
            if not entry.gone:
                self._follow_up(entry)

    def _follow_up(self, entry: _Entry) -> None:
        """The next time of the schedule that has not passed."""
        passed = math.ceil((self._clock.monotonic() - entry.first) / entry.interval - _ROUNDING)
        following = max(entry.turn + 1, passed)
        if following > entry.turn + 1:
            self._telemetry.add(SKIPPED, following - entry.turn - 1)
        entry.turn = following
        self._push(entry)

    def _push(self, entry: _Entry) -> None:
        self._pushed += 1
        heapq.heappush(self._heap, (entry.due, self._pushed, entry))
        if self._nap is not None and self._heap[0][2] is entry:
            self._nap.cancel()  # it is due before what the loop sleeps for

    async def _look_again(self) -> None:
        while True:
            await self._clock.sleep(self._look_every)
            # A task of its own: a defect in one look must not be the last look.
            await asyncio.wait({self._spawn(self._look(), "scrape:look once")})

    async def _look(self) -> None:
        changes = await self._follow.look()
        self._complain()
        # First the ends: a target that comes back under other words must not be marked stale after its first scrape.
        await self._end([self._entries.pop(one) for one in changes.left])
        now, wall = self._clock.monotonic(), self._clock.now()
        for one in changes.came:
            interval = one.target.interval
            wait = (one.target.phase() - wall) % interval
            self._entries[one] = _Entry(one, now + wait / SECOND, interval / SECOND)
            self._push(self._entries[one])

    async def _end(self, entries: list[_Entry]) -> None:
        for entry in entries:
            entry.gone = True
        under_way = [entry.task for entry in entries if entry.task is not None]
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        for entry in entries:
            try:
                await self._scrape.end(entry.one)
            except SightlineError as error:
                _log.warning("a target's series are not marked stale", url=entry.one.target.url, reason=error.message)

    def _complain(self) -> None:
        problems = self._follow.problems()
        for problem in problems:
            if problem not in self._problems:
                _log.warning("a target cannot be scraped", reason=problem)
        self._problems = problems

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("scraping failed with a defect", exc_info=error)
