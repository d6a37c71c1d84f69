import asyncio
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.admit import Lane, Outgrown, Turn, Turns
from sightline.domain.errors import TooManyQueries
from sightline.domain.tenancy import Tenant

A, B, C = Tenant("a"), Tenant("b"), Tenant("c")


class Crowd:
    """Queries that ask for turns, named, and the order in which they get them."""

    def __init__(self, *, small: int = 4, large: int = 1, queue: int = 100) -> None:
        self.telemetry = MemoryTelemetry()
        self.turns = Turns(self.telemetry, small=small, large=large, queue=queue)
        self.begun: list[str] = []
        self.tasks: dict[str, asyncio.Task[Turn]] = {}

    async def ask(self, tenant: Tenant, name: str, lane: Lane = Lane.SMALL) -> None:
        """Ask for a turn, and see whether it is given at once."""

        async def take() -> Turn:
            turn = await self.turns.take(tenant, lane)
            self.begun.append(name)
            return turn

        self.tasks[name] = asyncio.create_task(take())
        await self.settle()

    async def end(self, name: str) -> None:
        """Let a query end that has its turn."""
        self.tasks.pop(name).result().end()
        await self.settle()

    async def leave(self, name: str) -> None:
        """Let a query that waits go away."""
        self.tasks.pop(name).cancel()
        await self.settle()

    @staticmethod
    async def settle() -> None:
        """Let everybody run who can."""
        for _ in range(4):
            await asyncio.sleep(0)

    def gauge(self, name: str, lane: Lane) -> float:
        """What is told of a lane."""
        points = next(one for one in self.telemetry.families() if one.instrument.name == name).points
        return next(point.value for point in points if point.labels == (("lane", lane.value),))


async def test_who_asks_first_is_first() -> None:
    """One tenant's queries begin in the order in which they came, as places become free."""
    crowd = Crowd(small=2)
    for name in "123456":
        await crowd.ask(A, name)
    assert crowd.begun == ["1", "2"]
    assert crowd.gauge("sightline_queries_waiting", Lane.SMALL) == 4
    for name in "21345":
        await crowd.end(name)
    assert crowd.begun == ["1", "2", "3", "4", "5", "6"]
    assert crowd.gauge("sightline_queries_waiting", Lane.SMALL) == 0
    assert crowd.gauge("sightline_queries_running", Lane.SMALL) == 1
    await crowd.end("6")
    assert crowd.gauge("sightline_queries_running", Lane.SMALL) == 0


async def test_tenants_take_turns() -> None:
    """However many one tenant has waiting, another's first query is next."""
    crowd = Crowd(small=1)
    for name in ("a1", "a2", "a3", "a4"):
        await crowd.ask(A, name)
    for name in ("b1", "b2"):
        await crowd.ask(B, name)
    await crowd.ask(C, "c1")
    for name in ("a1", "a2", "b1", "c1", "a3", "b2"):
        await crowd.end(name)
    assert crowd.begun == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_no_tenant_takes_all_places() -> None:
    """Of four places one is left for others, who need not wait for anybody."""
    crowd = Crowd(small=4)
    for name in ("a1", "a2", "a3", "a4", "a5"):
        await crowd.ask(A, name)
    assert crowd.begun == ["a1", "a2", "a3"]
    await crowd.ask(B, "b1")
    assert crowd.begun[3:] == ["b1"]
    await crowd.end("b1")
    assert crowd.begun[4:] == []
    await crowd.end("a1")
    assert crowd.begun[4:] == ["a4"]


async def test_small_queries_never_wait_behind_large_ones() -> None:
    """Large ones run one at a time and wait among themselves; the small go on beside them."""
    crowd = Crowd(small=2)
    for name in ("l1", "l2", "l3"):
        await crowd.ask(A, name, Lane.LARGE)
    for name in ("s1", "s2"):
        await crowd.ask(A, name)
    assert crowd.begun == ["l1", "s1", "s2"]
    await crowd.end("s1")
    await crowd.end("l1")
    assert crowd.begun[3:] == ["l2"]


async def test_a_query_that_turns_out_large_moves() -> None:
    """It gives its place to the next small one, and goes on at once if nobody is in the large lane, else comes again."""
    crowd = Crowd(small=1)
    for name in ("1", "2", "3"):
        await crowd.ask(A, name)
    first = crowd.tasks["1"].result()
    first.widen()
    await crowd.settle()
    assert (first.lane, first.needs, crowd.begun) == (Lane.LARGE, Lane.LARGE, ["1", "2"])
    first.widen()
    second = crowd.tasks["2"].result()
    with pytest.raises(Outgrown):
        second.widen()
    assert (second.lane, second.needs) == (Lane.SMALL, Lane.LARGE)
    await crowd.end("2")
    await crowd.ask(A, "2 again", Lane.LARGE)
    assert crowd.begun == ["1", "2", "3"]
    third = crowd.tasks["3"].result()
    await crowd.end("1")
    with pytest.raises(Outgrown):
        third.widen()
    assert crowd.begun[3:] == ["2 again"]


async def test_the_queue_of_a_tenant_is_bounded() -> None:
    """Beyond it queries are refused, and those of other tenants are not."""
    crowd = Crowd(small=1, queue=1)
    await crowd.ask(A, "a1")
    await crowd.ask(A, "a2")
    with pytest.raises(
        TooManyQueries, match=r"1 of this tenant wait: query.concurrency allows 1 at once and query.queue 1"
    ):
        await crowd.turns.take(A, Lane.SMALL)
    await crowd.ask(B, "b1")
    await crowd.end("a1")
    await crowd.end("a2")
    assert crowd.begun == ["a1", "a2", "b1"]
    none = Crowd(small=1, queue=0)
    await none.ask(A, "l1", Lane.LARGE)
    with pytest.raises(TooManyQueries, match=r"of queries as large as this one 1 may run at once and query.queue 0"):
        await none.turns.take(A, Lane.LARGE)
    await none.end("l1")
    await none.ask(A, "l2", Lane.LARGE)
    assert none.begun == ["l1", "l2"]


async def test_who_leaves_the_queue_is_not_waited_for() -> None:
    """A waiting query that goes away gives its turn to the next, also when it was called in the same moment."""
    crowd = Crowd(small=1)
    for name in ("1", "2", "3", "4"):
        await crowd.ask(A, name)
    await crowd.leave("2")
    await crowd.end("1")
    assert crowd.begun == ["1", "3"]
    running, called = crowd.tasks.pop("3"), crowd.tasks["4"]
    running.result().end()  # calls 4
    called.cancel()
    await crowd.settle()
    assert called.cancelled()
    await crowd.ask(A, "5")
    gone = crowd.tasks["5"]
    await crowd.ask(A, "6")
    await crowd.ask(A, "7")
    crowd.tasks["6"].cancel()
    gone.result().end()  # 6 has been told to go, and its task has not run yet
    await crowd.settle()
    assert crowd.begun == ["1", "3", "5", "7"]


def test_what_a_query_was_is_remembered() -> None:
    """A query that was large begins in the large lane the next time; what is remembered is bounded."""
    turns = Turns(MemoryTelemetry(), small=1, large=1, queue=1)
    assert turns.lane(A, "up") is Lane.SMALL
    turns.learn(A, "up", Lane.LARGE)
    assert turns.lane(A, "up") is Lane.LARGE
    assert turns.lane(B, "up") is Lane.SMALL
    turns.learn(A, "up", Lane.SMALL)
    assert turns.lane(A, "up") is Lane.SMALL
    for number in range(5000):
        turns.learn(A, f"up + {number}", Lane.LARGE)
    assert turns.lane(A, "up + 0") is Lane.SMALL
    assert turns.lane(A, "up + 4999") is Lane.LARGE


@given(
    st.lists(st.tuples(st.sampled_from([A, B, C]), st.sampled_from(["ask", "ask", "end", "leave"]))), st.integers(1, 5)
)
async def test_places_are_never_lost(events: list[tuple[Tenant, str]], small: int) -> None:
    """Whatever comes and goes, at most so many run, nobody waits for a place that is free, and at the end all are free again."""
    crowd = Crowd(small=small)
    names: deque[str] = deque()
    share = small - small // 4
    tenants: dict[str, Tenant] = {}

    def counts(*, done: bool) -> dict[Tenant, int]:
        some = [tenants[name] for name in names if crowd.tasks[name].done() is done]
        return {tenant: some.count(tenant) for tenant in some}

    for number, (tenant, event) in enumerate(events):
        mine = [name for name in names if tenants[name] == tenant]
        running = [name for name in mine if crowd.tasks[name].done()]
        waiting = [name for name in mine if not crowd.tasks[name].done()]
        if event == "ask":
            names.append(str(number))
            tenants[str(number)] = tenant
            await crowd.ask(tenant, str(number))
        elif event == "end" and running:
            names.remove(running[0])
            await crowd.end(running[0])
        elif event == "leave" and waiting:
            names.remove(waiting[0])
            await crowd.leave(waiting[0])
        runs, waits = counts(done=True), counts(done=False)
        assert sum(runs.values()) <= small
        assert all(count <= share for count in runs.values())
        assert sum(runs.values()) == small or all(runs.get(one) == share for one in waits)
    while names:
        one = next(name for name in names if crowd.tasks[name].done())
        names.remove(one)
        await crowd.end(one)
    assert not crowd.begun or crowd.gauge("sightline_queries_running", Lane.SMALL) == 0
