"""What every bus promises, proven on each."""

import asyncio
from collections.abc import Callable

import pytest

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.domain.events import Event, SamplesStored
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.ports.bus import Subscription

pytestmark = pytest.mark.anyio

OTHER_TENANT = Tenant("other")
BOUND = 4

ADAPTERS: dict[str, Callable[[int], MemoryBus]] = {
    "memory": MemoryBus,
}


@pytest.fixture(params=ADAPTERS)
def bus(request: pytest.FixtureRequest) -> MemoryBus:
    """Each bus in turn, with a bound of four events."""
    return ADAPTERS[request.param](BOUND)


def event(number: int, tenant: Tenant = DEFAULT_TENANT) -> SamplesStored:
    """An event that can be told from others."""
    return SamplesStored(tenant, WriteBatch.at(number, [(Labels.of(__name__="up"), 1.0)]))


async def take(subscription: Subscription, count: int) -> list[Event]:
    """The next `count` events."""
    taken: list[Event] = []
    async for each in subscription:
        taken.append(each)
        if len(taken) == count:
            break
    return taken


async def rest(subscription: Subscription) -> list[Event]:
    """Everything up to the end."""
    return [each async for each in subscription]


async def test_events_come_in_order_of_publication(bus: MemoryBus) -> None:
    """A listener hears what was published after it came, in that order."""
    events = [event(number) for number in range(3)]
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        for each in events:
            bus.publish(each)
        assert await take(subscription, 3) == events


async def test_nothing_is_kept_for_those_who_come_later(bus: MemoryBus) -> None:
    """What was published before a subscription was opened is not heard on it."""
    bus.publish(event(1))
    later = event(2)
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        bus.publish(later)
        assert await take(subscription, 1) == [later]


async def test_every_listener_hears_every_event(bus: MemoryBus) -> None:
    """Two listeners of one tenant hear the same."""
    heard = event(1)
    async with bus.subscribe(DEFAULT_TENANT) as one, bus.subscribe(DEFAULT_TENANT) as two:
        bus.publish(heard)
        assert await take(one, 1) == await take(two, 1) == [heard]


async def test_tenants_hear_nothing_of_each_other(bus: MemoryBus) -> None:
    """A listener hears its own tenant's events and no other's."""
    mine, theirs = event(1), event(2, OTHER_TENANT)
    async with bus.subscribe(DEFAULT_TENANT) as here, bus.subscribe(OTHER_TENANT) as there:
        bus.publish(theirs)
        bus.publish(mine)
        bus.close()
        assert await rest(here) == [mine]
        assert await rest(there) == [theirs]


async def test_a_waiting_listener_is_woken(bus: MemoryBus) -> None:
    """A listener that waits for the next event gets it when it is published."""
    expected = event(1)
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        waiting = asyncio.create_task(take(subscription, 1))
        await asyncio.sleep(0)
        assert not waiting.done()
        bus.publish(expected)
        assert await waiting == [expected]


async def test_a_slow_listener_loses_its_oldest_events_counted(bus: MemoryBus) -> None:
    """Beyond the bound the oldest go, the count says how many, and asking resets it."""
    events = [event(number) for number in range(BOUND + 3)]
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        for each in events:
            bus.publish(each)
        assert subscription.take_dropped() == 3
        assert subscription.take_dropped() == 0
        assert await take(subscription, BOUND) == events[3:]


async def test_a_slow_listener_disturbs_nobody_else(bus: MemoryBus) -> None:
    """While one listener loses events, one that keeps up loses none."""
    events = [event(number) for number in range(3 * BOUND)]
    async with bus.subscribe(DEFAULT_TENANT) as slow, bus.subscribe(DEFAULT_TENANT) as quick:
        heard = []
        for each in events:
            bus.publish(each)
            heard += await take(quick, 1)
        assert heard == events
        assert quick.take_dropped() == 0
        assert slow.take_dropped() == 2 * BOUND


async def test_closing_yields_what_is_queued_and_ends(bus: MemoryBus) -> None:
    """When the bus closes, listeners still get what was published before, and then the end."""
    before = event(1)
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        bus.publish(before)
        bus.close()
        bus.publish(event(2))
        assert await rest(subscription) == [before]


async def test_closing_ends_a_waiting_listener(bus: MemoryBus) -> None:
    """A listener that waits when the bus closes comes to its end."""
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        waiting = asyncio.create_task(rest(subscription))
        await asyncio.sleep(0)
        bus.close()
        assert await waiting == []


async def test_a_subscription_to_a_closed_bus_ends_at_once(bus: MemoryBus) -> None:
    """Who comes after the close hears nothing and does not wait."""
    bus.close()
    bus.close()
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        assert await rest(subscription) == []


async def test_leaving_the_context_ends_listening(bus: MemoryBus) -> None:
    """After the context was left nothing is queued for it, nobody is listed as a listener, and no task remains."""
    tasks = asyncio.all_tasks()
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        assert bus.listeners == 1
    bus.publish(event(1))
    assert await rest(subscription) == []
    assert bus.listeners == 0
    assert asyncio.all_tasks() == tasks


async def test_a_cancelled_listener_misses_nothing(bus: MemoryBus) -> None:
    """A wait that is given up takes no event with it."""
    expected = event(1)
    async with bus.subscribe(DEFAULT_TENANT) as subscription:
        waiting = asyncio.create_task(take(subscription, 1))
        await asyncio.sleep(0)
        bus.publish(expected)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert await take(subscription, 1) == [expected]
