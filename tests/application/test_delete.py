from collections.abc import Iterator

import pytest
from tests.application.intake import House

from sightline.application.delete import Delete
from sightline.application.snapshot import Snapshot
from sightline.domain.errors import StorageFull, Unavailable
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME, MAX_TIME, MIN_TIME


@pytest.fixture
def house() -> Iterator[House]:
    """The write and read path."""
    made = House()
    yield made
    made.threads.shutdown()


async def test_a_delete_holds_for_what_waits_in_the_log(house: House) -> None:
    """What was only acknowledged is brought to the store and deleted; what comes next is kept."""
    await house.ingest(LOCAL, house.batch(1.0, 2.0))
    await house.delete(LOCAL, ((),), ALL_TIME)
    assert await house.values() == []
    assert house.tail.rows == 0
    await house.ingest(LOCAL, house.batch(3.0))
    assert await house.values() == [3.0]


async def test_without_the_store_nothing_is_deleted(house: House) -> None:
    """It says so, and the samples stay; it can be done again once the store is back."""
    await house.ingest(LOCAL, house.batch(1.0))
    house.store.away = True
    with pytest.raises(Unavailable, match="the store does not take samples"):
        await house.delete(LOCAL, ((),), ALL_TIME)
    assert await house.values() == [1.0]
    house.store.away = False
    await house.delete(LOCAL, ((),), ALL_TIME)
    assert await house.values() == []


async def test_kept_answers_of_the_tenant_no_longer_hold(house: House) -> None:
    """Freshness is told that anything of this tenant may have changed, and nothing of others."""
    freshness = Freshness()
    mark = freshness.mark()
    delete = Delete(house.reader, house.flush, freshness, house.clock, house.store.clean)
    await delete(LOCAL, ((),), ALL_TIME)
    assert freshness.oldest_since(LOCAL.tenant, mark) == MIN_TIME
    assert freshness.oldest_since(Tenant("other"), mark) == MAX_TIME


async def test_cleaning_goes_on_for_its_time_or_until_all_is_done(house: House) -> None:
    """Half a minute of it at a time where nobody waits for the end."""
    done: list[float] = []

    async def clean() -> bool:
        done.append(house.clock.monotonic())
        await house.clock.advance(20)
        return len(done) % 5 > 0

    delete = Delete(house.reader, house.flush, Freshness(), house.clock, clean)
    await delete.clean_some()
    assert len(done) == 2
    await delete.clean()
    assert len(done) == 5


async def test_a_snapshot_has_all_that_was_acknowledged_unless_told_otherwise(house: House) -> None:
    """The store is copied once it has everything, or as it is; the name is made of the moment and a token."""
    copied: list[tuple[str, int]] = []

    async def copy(name: str) -> None:
        copied.append((name, (await house.store.select(LOCAL.tenant, (), ALL_TIME, 10)).samples))

    snapshot = Snapshot(house.flush, house.clock, copy, lambda: "0123456789abcdef")
    await house.ingest(LOCAL, house.batch(1.0, 2.0))
    name = "20231114T221320Z-0123456789abcdef"
    assert [await snapshot(skip_head=True), await snapshot()] == [name, name]
    assert copied == [(name, 0), (name, 2)]


async def test_a_snapshot_that_fails_is_none(house: House) -> None:
    """What the copy says is passed on, and flushing goes on afterwards."""

    async def copy(_: str) -> None:
        raise StorageFull("no room")

    with pytest.raises(StorageFull):
        await Snapshot(house.flush, house.clock, copy, str)()
    await house.flush.drain()
