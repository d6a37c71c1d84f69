"""Admit queries: who may go on, in which lane, and who waits, so that small queries never wait behind large ones.

There are two lanes. Small queries, and those of which nothing is known yet, run in the one; large ones run in the other, few at a
time, so that a thread is left for the small. In each lane every tenant has a queue of its own, and tenants take turns. Where there
are four places or more, no tenant has all of them.
"""

from asyncio import CancelledError, Future, get_running_loop
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sightline.domain.errors import TooManyQueries
from sightline.domain.tenancy import Tenant
from sightline.ports.telemetry import Instrument, Kind, Telemetry

RUNNING: Final = Instrument("sightline_queries_running", "PromQL queries that run now, by lane.", Kind.GAUGE, ("lane",))
WAITING: Final = Instrument(
    "sightline_queries_waiting", "PromQL queries that wait for their turn, by lane.", Kind.GAUGE, ("lane",)
)

_RESERVED: Final = 4  # of so many places one is for other tenants than the one that has the rest
_REMEMBERED: Final = 1_000


class Lane(StrEnum):
    """Where a query runs."""

    SMALL = "small"
    LARGE = "large"


class Outgrown(Exception):
    """No error: a query is a large one, and there is no place for it at once, so it is to come again."""


@dataclass(slots=True, eq=False)
class _Places:
    """One lane: how many run, altogether and by tenant, and who waits, by tenant in the order of their turns."""

    lane: Lane
    most: int
    running: int = 0
    by_tenant: dict[Tenant, int] = field(default_factory=dict)
    waiting: OrderedDict[Tenant, deque[Future[None]]] = field(default_factory=OrderedDict)

    @property
    def queued(self) -> int:
        """How many wait."""
        return sum(map(len, self.waiting.values()))

    def is_free(self, tenant: Tenant) -> bool:
        """Whether a query of a tenant may begin."""
        own = self.by_tenant.get(tenant, 0)
        return self.running < self.most and own < self.most - self.most // _RESERVED

    def take(self, tenant: Tenant) -> None:
        """Begin."""
        self.running += 1
        self.by_tenant[tenant] = self.by_tenant.get(tenant, 0) + 1

    def give_back(self, tenant: Tenant) -> None:
        """End."""
        self.running -= 1
        self.by_tenant[tenant] -= 1
        if not self.by_tenant[tenant]:
            del self.by_tenant[tenant]

    def leave(self, tenant: Tenant, waiter: Future[None]) -> None:
        """Wait no longer."""
        queue = self.waiting.get(tenant)
        if queue is not None and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self.waiting[tenant]

    def call(self) -> None:
        """Let those begin whose turn it is: of the tenants that wait always the one whose last turn is the longest ago."""
        for tenant in list(self.waiting):
            queue = self.waiting[tenant]
            while queue and queue[0].done():  # it was cancelled, and its task has not run since
                queue.popleft()
            if queue and self.is_free(tenant):
                self.take(tenant)
                queue.popleft().set_result(None)
                self.waiting.move_to_end(tenant)
            if not queue:
                del self.waiting[tenant]


class Turn:
    """A query's place in a lane. needs: the lane where it belongs, by what was seen of it so far."""

    def __init__(self, turns: "Turns", tenant: Tenant, places: _Places) -> None:
        self._turns = turns
        self._tenant = tenant
        self._places = places
        self.needs = Lane.SMALL

    @property
    def lane(self) -> Lane:
        """Where it is."""
        return self._places.lane

    def widen(self) -> None:
        """The query is a large one: it moves to that lane, if it is not there already.

        Raises:
            Outgrown: there is no place, or others wait for it.
        """
        self.needs = Lane.LARGE
        if self.lane is Lane.SMALL:
            self._places = self._turns.move(self._tenant)

    def end(self) -> None:
        """Give the place to whoever is next."""
        self._turns.end(self._tenant, self.lane)


class Turns:
    """The lanes. Belongs to one event loop.

    small, large: how many queries run at once in each (`query.concurrency` is that of the small lane). queue: how many of one
    tenant's may wait in each (`query.queue`).
    """

    def __init__(self, telemetry: Telemetry, *, small: int, large: int, queue: int) -> None:
        self._telemetry = telemetry
        self._queue = queue
        self._small, self._large = _Places(Lane.SMALL, small), _Places(Lane.LARGE, large)
        for places in (self._small, self._large):
            telemetry.set(RUNNING, 0, (places.lane.value,))
            telemetry.set(WAITING, 0, (places.lane.value,))
        self._known_large: OrderedDict[tuple[Tenant, str], None] = OrderedDict()

    async def take(self, tenant: Tenant, lane: Lane) -> Turn:
        """Wait for a place in a lane; whoever gets it ends the turn.

        Raises:
            TooManyQueries: too many of the tenant's wait already.
        """
        places = self._of(lane)
        if tenant not in places.waiting and places.is_free(tenant):
            places.take(tenant)
            self._telemetry.set(RUNNING, places.running, (lane.value,))
        else:
            await self._wait(tenant, places)
        return Turn(self, tenant, places)

    def end(self, tenant: Tenant, lane: Lane) -> None:
        """A turn is over."""
        places = self._of(lane)
        places.give_back(tenant)
        self._call(places)

    def move(self, tenant: Tenant) -> _Places:
        """Give a place in the small lane for one in the large, at once.

        Raises:
            Outgrown: there is none.
        """
        large = self._large
        if large.waiting or not large.is_free(tenant):
            raise Outgrown
        large.take(tenant)
        self._telemetry.set(RUNNING, large.running, (large.lane.value,))
        self.end(tenant, Lane.SMALL)
        return large

    def lane(self, tenant: Tenant, text: str) -> Lane:
        """Where a query belongs by what it was the last time."""
        return Lane.LARGE if (tenant, text) in self._known_large else Lane.SMALL

    def learn(self, tenant: Tenant, text: str, lane: Lane) -> None:
        """Remember where a query belonged; the oldest are forgotten."""
        self._known_large.pop((tenant, text), None)
        if lane is Lane.LARGE:
            self._known_large[tenant, text] = None
            if len(self._known_large) > _REMEMBERED:
                self._known_large.popitem(last=False)

    def _of(self, lane: Lane) -> _Places:
        return self._small if lane is Lane.SMALL else self._large

    async def _wait(self, tenant: Tenant, places: _Places) -> None:
        queue = places.waiting.setdefault(tenant, deque())
        if len(queue) >= self._queue:
            if not queue:
                del places.waiting[tenant]
            raise self._refused(places, tenant)
        waiter: Future[None] = get_running_loop().create_future()
        queue.append(waiter)
        self._telemetry.set(WAITING, places.queued, (places.lane.value,))
        try:
            await waiter
        except CancelledError:
            if waiter.done() and not waiter.cancelled():  # called, and gone in the same moment
                places.give_back(tenant)
            else:
                places.leave(tenant, waiter)
                self._telemetry.set(WAITING, places.queued, (places.lane.value,))
            self._call(places)
            raise

    def _refused(self, places: _Places, tenant: Tenant) -> TooManyQueries:
        own = len(places.waiting.get(tenant, ()))
        allows = f"query.concurrency allows {places.most}"
        if places.lane is Lane.LARGE:
            allows = f"of queries as large as this one {places.most} may run"
        message = (
            f"{places.running} queries run and {own} of this tenant wait: {allows} at once"
            f" and query.queue {self._queue} of a tenant to wait; try again later"
        )
        return TooManyQueries(message)

    def _call(self, places: _Places) -> None:
        if places.waiting:
            places.call()
            self._telemetry.set(WAITING, places.queued, (places.lane.value,))
        self._telemetry.set(RUNNING, places.running, (places.lane.value,))
