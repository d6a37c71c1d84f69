"""Time as a caller of scrapes: each target on its own schedule, all of them from one heap."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Final, Self

import structlog

from sightline.adapters.inbound.rounds import Place, Rounds
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

_log = structlog.get_logger("sightline.scraping")


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
        self._places: dict[Followed, Place[Followed]] = {}
        self._rounds = Rounds(clock, self._begin)
        self._tasks: set[asyncio.Task[None]] = set()
        self._problems: list[str] = []

    async def __aenter__(self) -> Self:
        await self._look()
        self._spawn(self._look_again(), "scrape:look")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rounds.stop()
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, place: Place[Followed]) -> None:
        place.task = self._spawn(self._turn(place), "scrape")

    async def _turn(self, place: Place[Followed]) -> None:
        """One scrape, and the place's next time."""
        self._telemetry.observe(LATENESS, max(0.0, self._clock.monotonic() - place.due))
        try:
            await self._scrape.once(place.of)
        except asyncio.CancelledError:
            self._rounds.leave(place)
            raise
        finally:  # also after a defect, which ends this scrape and not the target
            place.task = None
            if skipped := self._rounds.again(place):
                self._telemetry.add(SKIPPED, skipped)

    async def _look_again(self) -> None:
        while True:
            await self._clock.sleep(self._look_every)
            # A task of its own: a defect in one look must not be the last look.
            await asyncio.wait({self._spawn(self._look(), "scrape:look once")})

    async def _look(self) -> None:
        changes = await self._follow.look()
        self._complain()
        # First the ends: a target that comes back under other words must not be marked stale after its first scrape.
        await self._end([self._places.pop(one) for one in changes.left])
        wall = self._clock.now()
        for one in changes.came:
            interval = one.target.interval
            wait = (one.target.phase() - wall) % interval
            self._places[one] = self._rounds.join(one, wait / SECOND, interval / SECOND)

    async def _end(self, places: list[Place[Followed]]) -> None:
        for place in places:
            self._rounds.leave(place)
        under_way = [place.task for place in places if place.task is not None]
        for task in under_way:
            task.cancel()
        if under_way:
            await asyncio.wait(under_way)
        for place in places:
            try:
                await self._scrape.end(place.of)
            except SightlineError as error:
                _log.warning("a target's series are not marked stale", url=place.of.target.url, reason=error.message)

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
