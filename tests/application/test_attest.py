"""When servers were last heard of, as series."""

from dataclasses import dataclass, field

import pytest
from tests.application.intake import House

from sightline.application.attest import LAST_SEEN, Attest
from sightline.domain.errors import StorageFull
from sightline.domain.labels import Matcher, MatchOp
from sightline.domain.metrics.samples import stale_mask
from sightline.domain.servers.server import Registration, Server
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal
from sightline.domain.timerange import ALL_TIME

pytestmark = pytest.mark.anyio


@dataclass
class Register:
    """Servers by hostname, each with the time at which it was last heard of."""

    seen: dict[str, int | None] = field(default_factory=dict)

    async def all(self, principal: Principal) -> list[Server]:
        """All of them."""
        assert principal == LOCAL
        return [Server(name, DEFAULT_TENANT, Registration(name), 0, 0, at) for name, at in sorted(self.seen.items())]


async def told(house: House) -> dict[str, list[float | None]]:
    """The values by hostname in order of time; None for a stale marker."""
    found = await house.reader.select(DEFAULT_TENANT, (Matcher("__name__", MatchOp.EQUAL, LAST_SEEN),), ALL_TIME, 1000)
    stale = stale_mask(found.values).tolist()
    values = [None if ended else value for ended, value in zip(stale, found.values.tolist(), strict=True)]
    assert all(labels.get("server_id") == "" for labels in found.labels)
    return {
        labels.get("hostname"): values[found.offsets[row] : found.offsets[row + 1]]
        for row, labels in enumerate(found.labels)
    }


async def test_each_server_has_a_series_that_ends_with_it() -> None:
    """In seconds; one that never reported has none, and one that was removed ends once."""
    house, register = House(), Register({"a": 1_500, "b": 2_000, "new": None})
    attest = Attest(register, house.ingest, house.clock)
    await attest.run_once()
    await house.clock.advance(15)
    register.seen = {"a": 16_500, "new": None}
    await attest.run_once()
    await house.clock.advance(15)
    await attest.run_once()
    assert await told(house) == {"a": [1.5, 16.5, 16.5], "b": [2.0, None]}


async def test_without_servers_nothing_is_written() -> None:
    """There is nothing to say."""
    house = House()
    await Attest(Register(), house.ingest, house.clock).run_once()
    assert await told(house) == {}


async def test_a_marker_that_could_not_be_written_is_owed() -> None:
    """When intake refuses, a series ends as soon as it takes samples again."""
    house, register = House(), Register({"a": 1_000})
    attest = Attest(register, house.ingest, house.clock)
    await attest.run_once()
    register.seen = {}
    house.disk.room = 0
    await house.retain.run_once()
    await house.clock.advance(15)
    with pytest.raises(StorageFull):
        await attest.run_once()
    house.disk.room = 10**9
    await house.retain.run_once()
    await attest.run_once()
    assert await told(house) == {"a": [1.0, None]}
