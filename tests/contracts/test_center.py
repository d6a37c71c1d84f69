"""What every center promises the locations that probe for it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import pytest
from tests.adapters.http.stage import Stage, listening

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.adapters.outbound.center import HttpCenter
from sightline.adapters.outbound.memory.center import MemoryCenter
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.wire.probe_exchange import pack
from sightline.domain.errors import BadData, SightlineError, Unauthenticated, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.judging import Judge
from sightline.domain.probes.options import Tcp
from sightline.domain.probes.parcel import Bearing
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL
from sightline.ports.center import Center

pytestmark = pytest.mark.anyio


class Behind(Protocol):
    """A center, and what is behind it."""

    clock: ManualClock

    @property
    def center(self) -> Center:
        """The center."""
        ...

    def set(self, *checks: Check) -> None:
        """What is to be probed from now on."""
        ...

    def fail(self, error: SightlineError | None) -> None:
        """What happens to whoever brings something."""
        ...

    def taken(self) -> int:
        """How many results it has."""
        ...


@dataclass
class InMemory:
    """One in this process."""

    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.center = MemoryCenter(self.clock)
        self.set = self.center.set

    def fail(self, error: SightlineError | None) -> None:
        """By every call."""
        self.center.fails = error

    def taken(self) -> int:
        """Of all parcels."""
        return sum(one.count for one in self.center.parcels.values())


@dataclass
class OverHttp:
    """The real door, with a use case behind it that stores nowhere."""

    stage: Stage
    center: Center

    def __post_init__(self) -> None:
        self.clock = self.stage.clock

    def set(self, *checks: Check) -> None:
        """By the roster."""
        self.stage.followed.replace([(DEFAULT_TENANT, one, Judge.of(one.definition)) for one in checks])

    def fail(self, error: SightlineError | None) -> None:
        """When it is to be stored."""
        self.stage.fails = error

    def taken(self) -> int:
        """What was to be stored."""
        return len(self.stage.results)


@asynccontextmanager
async def _over_http() -> AsyncIterator[Behind]:
    stage = Stage()
    _, key = await stage.delegate.add(LOCAL, "oslo")
    async with (
        listening(stage, DoorSettings()) as (host, port),
        HttpCenter(f"http://{host}:{port}", key, "oslo", "1") as center,
    ):
        yield OverHttp(stage, center)


@asynccontextmanager
async def _in_memory() -> AsyncIterator[Behind]:
    yield InMemory()


ADAPTERS = {"memory": _in_memory, "http": _over_http}


@pytest.fixture(params=sorted(ADAPTERS))
async def behind(request: pytest.FixtureRequest) -> AsyncIterator[Behind]:
    """One that has a single check to be probed."""
    async with ADAPTERS[request.param]() as found:
        found.set(check(1))
        yield found


def check(number: int) -> Check:
    """A check of that id."""
    return Check(number, Definition(name=f"c{number}", url="x:1", options=Tcp()), 0, 0)


def results(behind: Behind, number: int) -> Sequence[Result]:
    """Of the check 1."""
    return [Result(check=1, location="oslo", at=behind.clock.now(), seconds=0.1, verdict=Verdict.UP)] * number


async def test_orders_are_told_from_those_that_are_known(behind: Behind) -> None:
    """What is known is not told again, and other checks have another tag; each answer tells the time."""
    first = await behind.center.orders("", 0)
    assert first.orders is not None
    assert first.orders.checks == (check(1),)
    assert first.now == behind.clock.now()
    assert (await behind.center.orders(first.orders.tag, 0)).orders is None
    behind.set(check(1), check(2))
    second = await behind.center.orders(first.orders.tag, 0)
    assert second.orders is not None
    assert second.orders.checks == (check(1), check(2))
    assert second.orders.tag != first.orders.tag


async def test_a_call_waits_for_other_orders(behind: Behind) -> None:
    """As long as it says, where nothing changes."""
    first = await behind.center.orders("", 0)
    assert first.orders is not None
    waiting = asyncio.create_task(behind.center.orders(first.orders.tag, 5))
    await behind.clock.until_sleeping()
    await behind.clock.advance(5)
    assert (await waiting).orders is None


async def test_a_parcel_is_taken_once(behind: Behind) -> None:
    """It may be handed over again, and what has no id tells only that somebody is there."""
    parcel = pack("p", results(behind, 3), ())
    for _ in range(2):
        receipt = await behind.center.push((parcel,), Bearing())
        assert (receipt.taken, receipt.refused, receipt.now) == (3, 0, behind.clock.now())
    await behind.center.push((), Bearing(skew=1, waiting=2, version="3"))
    assert behind.taken() == 3


@pytest.mark.parametrize("error", [Unavailable("away"), Unauthenticated("no"), BadData("never")])
async def test_what_is_not_taken_is_told_in_kind(behind: Behind, error: SightlineError) -> None:
    """Whoever brought it knows whether to bring it again, and may."""
    parcel = pack("p", results(behind, 1), ())
    behind.fail(error)
    with pytest.raises(type(error)):
        await behind.center.push((parcel,), Bearing())
    behind.fail(None)
    await behind.center.push((parcel,), Bearing())
    assert behind.taken() == 1
