"""Which containers there are: a full list, kept up to date by the Engine's events."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from typing import Any, Final

import structlog

from sightline.adapters.outbound.sources.docker.address import Address
from sightline.adapters.outbound.sources.docker.answers import Event, Listed
from sightline.adapters.outbound.sources.docker.engine import Engine
from sightline.adapters.outbound.sources.docker.failures import Gone, ReadFailed
from sightline.domain.containers.container import Container
from sightline.domain.errors import SightlineError, Unavailable
from sightline.ports.clock import Clock

LOOK_AGAIN: Final = 60.0
"""Seconds after which we look again for an engine where there was none, and list all containers again, events or not."""
BACKOFF: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before each attempt to reach an engine again; the last one goes on. The first follows at once, for it often succeeds."""
STEADY: Final = 10.0
"""Seconds after which a connection counts as one that worked."""
INSPECT_SECONDS: Final = 2.5
"""How long the Engine may take to describe one container."""
LIST_SECONDS: Final = 5.0
"""How long it may take to list all."""
_INSPECTIONS_AT_ONCE: Final = 16
_RUNNING_FIRST: Final = {"running": 0, "paused": 1, "restarting": 2}

# They change nothing that we show, and a health check alone brings three of them at every run.
_IDLE: Final = (
    "exec_",
    "attach",
    "detach",
    "resize",
    "top",
    "copy",
    "archive-path",
    "extract-to-dir",
    "export",
    "commit",
)

_log = structlog.get_logger("sightline.containers")


class Watch:
    """Keeps `known` true. `run` does the work, until it is cancelled.

    find: where the Engine is now; None when there is none. connect: opens a connection to it. limit: how many containers are known
    at most (`containers.max_containers`), running ones first.
    """

    def __init__(
        self, find: Callable[[], Address | None], connect: Callable[[Address], Engine], clock: Clock, limit: int
    ) -> None:
        self._find = find
        self._connect = connect
        self._clock = clock
        self._limit = limit
        self._changed: set[str] = set()
        self._woken = asyncio.Event()
        self._failures = 0
        self._left_out = 0
        self.known: dict[str, Container] = {}
        """The containers by id."""
        self.engine: Engine | None = None
        """The connection, while there is one."""
        self.problem = ""
        """Why there is none, where there should be one."""
        self.settled: Final = asyncio.Event()
        """Set as soon as it is known which containers there are, or that this cannot be known."""

    async def run(self) -> None:
        """Look for the Engine and follow it, for ever."""
        while True:
            await self._clock.sleep(await self._attempt())

    def look_at(self, ids: Iterable[str]) -> None:
        """These containers turned out not to be what they were thought to be."""
        self._changed.update(ids)
        if self._changed:
            self._woken.set()

    async def _attempt(self) -> float:
        """One connection, from its beginning to its end; gives the seconds to wait before the next."""
        try:
            address = await asyncio.to_thread(self._find)
            if address is None:
                self.known, self.problem, self._failures = {}, "", 0
                self.settled.set()
                return LOOK_AGAIN
            async with self._connect(address) as engine:
                await self._follow(engine, address)
        except SightlineError as error:
            self._lost(error.message)
        except (Gone, ReadFailed) as error:  # something listens there, but not what we ask for
            self._lost(f"what answers is no container engine that we understand: {error}")
        return BACKOFF[min(self._failures, len(BACKOFF)) - 1]

    async def _follow(self, engine: Engine, address: Address) -> None:
        if not self.problem:
            self.settled.clear()  # there was no engine, and now there is one whose list is on its way
        # Events first: what changes while the list is made is looked at again.
        async with engine.events() as events:
            began = self._clock.monotonic()
            try:
                await self._list(engine)
                self.engine, self.problem = engine, ""
                self.settled.set()
                _log.info("container engine found", address=str(address), containers=len(self.known))
                await _first(self._listen(events), self._refresh(engine))
            finally:
                self.engine = None
                self.settled.clear()
                if self._clock.monotonic() - began >= STEADY:
                    self._failures = 0
        raise Unavailable(f"the container engine at {address} ended its stream of events")

    def _lost(self, problem: str) -> None:
        if self._failures:
            self.problem = problem
            self.settled.set()
        self._failures += 1

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            if event.kind != "container" or not event.actor.id or event.action.startswith(_IDLE):
                continue
            if event.action == "destroy":
                self.known.pop(event.actor.id, None)
            else:
                self.look_at([event.actor.id])

    async def _refresh(self, engine: Engine) -> None:
        """Look at what changed, as soon as it did, and at everything once a minute: a stream of events may lose some."""
        loop = asyncio.get_running_loop()
        due = loop.time() + LOOK_AGAIN
        while True:
            try:
                async with asyncio.timeout_at(due):
                    await self._woken.wait()
            except TimeoutError:
                await self._list(engine)
                due = loop.time() + LOOK_AGAIN
                continue
            self._woken.clear()
            changed, self._changed = self._changed, set()
            await self._inspect(engine, changed)

    async def _list(self, engine: Engine) -> None:
        try:
            async with asyncio.timeout(LIST_SECONDS):
                there = await engine.listed()
        except TimeoutError:
            raise Unavailable(f"the container engine did not list its containers within {LIST_SECONDS:g} s") from None
        there.sort(key=_running_first)
        self._tell_of_left_out(len(there) - self._limit)
        ids = {one.id for one in there[: self._limit]}
        self.known = {id_: container for id_, container in self.known.items() if id_ in ids}
        await self._inspect(engine, ids)

    async def _inspect(self, engine: Engine, ids: set[str]) -> None:
        turns = asyncio.Semaphore(_INSPECTIONS_AT_ONCE)

        async def one(id_: str) -> None:
            async with turns:
                await self._look(engine, id_)

        async with asyncio.TaskGroup() as group:
            for id_ in ids:
                group.create_task(one(id_))

    async def _look(self, engine: Engine, id_: str) -> None:
        try:
            async with asyncio.timeout(INSPECT_SECONDS):
                found = await engine.container(id_)
        except Gone:
            self.known.pop(id_, None)
        except (ReadFailed, TimeoutError, Unavailable) as error:
            # What was known of it stays; the next round asks again.
            self._changed.add(id_)
            _log.debug("a container could not be inspected", id=id_, reason=str(error) or "no answer in time")
        else:
            if id_ in self.known or len(self.known) < self._limit:
                self.known[found.id] = found
            else:
                self._tell_of_left_out(1)

    def _tell_of_left_out(self, count: int) -> None:
        if count > 0 and not self._left_out:
            _log.warning(
                "there are more containers than are observed: raise containers.max_containers",
                observed=self._limit,
                left_out=count,
            )
        self._left_out = max(count, 0)


def _running_first(one: Listed) -> tuple[int, str]:
    return _RUNNING_FIRST.get(one.state, len(_RUNNING_FIRST)), one.id


async def _first(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run jobs together until one of them ends or fails; the others are cancelled."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
