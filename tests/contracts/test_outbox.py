"""What every outbox promises."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from sightline.adapters.outbound.files.outbox import FileOutbox
from sightline.adapters.outbound.memory.outbox import MemoryOutbox
from sightline.domain.errors import SettingsInvalid
from sightline.domain.probes.parcel import Lost, Packed
from sightline.ports.outbox import Outbox

pytestmark = pytest.mark.anyio

Open = Callable[[Path], AbstractAsyncContextManager[Outbox]]
MOST = 1_000


@asynccontextmanager
async def _memory(_folder: Path) -> AsyncIterator[Outbox]:
    yield MemoryOutbox(MOST)


@asynccontextmanager
async def _file(folder: Path) -> AsyncIterator[Outbox]:
    outbox = await FileOutbox.open(folder / "buffer", MOST)
    yield outbox
    await outbox.close()


ADAPTERS = {"memory": _memory, "file": _file}


@pytest.fixture(params=sorted(ADAPTERS))
async def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Outbox]:
    """An empty one, of 1,000 bytes."""
    opened: Open = ADAPTERS[request.param]
    async with opened(tmp_path) as found:
        yield found


def parcel(number: int, size: int = 100, count: int = 10) -> Packed:
    """A parcel of that many bytes, with results of one minute."""
    return Packed(f"p{number}", b"x" * size, count, number * 60_000, number * 60_000 + 59_000)


async def drained(outbox: Outbox) -> list[Packed]:
    """All that is there, in order; it is empty then."""
    found = []
    while parcels := await outbox.oldest(1, 1):
        found += parcels
        await outbox.remove(*parcels)
    return found


async def test_parcels_leave_in_the_order_in_which_they_came(outbox: Outbox) -> None:
    """The oldest stays the first until it is removed."""
    parcels = [parcel(number) for number in range(3)]
    for one in parcels:
        await outbox.put(one)
    assert outbox.waiting == 30
    assert await outbox.oldest(1, 1) == await outbox.oldest(1, 1) == parcels[:1]
    assert await outbox.oldest(2, 1_000) == await outbox.oldest(9, 200) == parcels[:2]
    assert await drained(outbox) == parcels
    assert outbox.waiting == 0
    assert await outbox.lost() is None


async def test_an_empty_one_has_nothing(outbox: Outbox) -> None:
    """There is no first parcel, and removing one that is gone changes nothing."""
    assert await outbox.oldest(9, 900) == []
    await outbox.remove(parcel(1))
    assert outbox.waiting == 0


async def test_the_oldest_are_dropped_where_there_is_no_room(outbox: Outbox) -> None:
    """What is lost is told: of when, and how much."""
    for number in range(13):
        await outbox.put(parcel(number))
    assert await outbox.lost() == Lost(0, 179_000, 30)
    assert outbox.waiting == 100
    assert [one.id for one in await drained(outbox)] == [f"p{number}" for number in range(3, 13)]


async def test_a_parcel_that_is_larger_than_all_room_is_kept_alone(outbox: Outbox) -> None:
    """The newest is never dropped for its size."""
    await outbox.put(parcel(1))
    await outbox.put(parcel(2, size=5_000))
    assert [one.id for one in await drained(outbox)] == ["p2"]


async def test_what_was_told_of_a_loss_is_told_once(outbox: Outbox) -> None:
    """What was lost since then remains to be told."""
    for number in range(12):
        await outbox.put(parcel(number))
    told = await outbox.lost()
    assert told == Lost(0, 119_000, 20)
    await outbox.put(parcel(12))
    await outbox.told(told)
    assert await outbox.lost() == Lost(119_000, 179_000, 10)
    await outbox.told(Lost(119_000, 179_000, 10))
    assert await outbox.lost() is None


async def test_a_parcel_that_can_never_be_handed_over_is_lost(outbox: Outbox) -> None:
    """Its results count as lost, and spans alone as nothing."""
    await outbox.put(parcel(1))
    await outbox.put(parcel(2, count=0))
    await outbox.remove(parcel(1), lost=True)
    await outbox.remove(parcel(2, count=0), lost=True)
    assert await outbox.lost() == Lost(60_000, 119_000, 10)
    assert await outbox.oldest(9, 900) == []


async def test_a_file_keeps_what_waits_for_the_next_process(tmp_path: Path) -> None:
    """Parcels, their order, and what was lost are there after a restart."""
    async with _file(tmp_path) as outbox:
        for number in range(12):
            await outbox.put(parcel(number))
    async with _file(tmp_path) as outbox:
        assert outbox.waiting == 100
        assert await outbox.lost() == Lost(0, 119_000, 20)
        await outbox.put(parcel(12))
        assert await outbox.lost() == Lost(0, 179_000, 30)
        assert [one.id for one in await drained(outbox)][:2] == ["p3", "p4"]


async def test_a_file_is_for_one_process_and_its_owner(tmp_path: Path) -> None:
    """A second one is refused in words, as is a file that is something else, and nobody else may read it."""
    async with _file(tmp_path):
        assert (tmp_path / "buffer").stat().st_mode & 0o077 == 0
        with pytest.raises(SettingsInvalid, match="another probe"):
            await FileOutbox.open(tmp_path / "buffer", MOST)
    (tmp_path / "other").write_text("something else entirely, and long enough to be looked at")
    with pytest.raises(SettingsInvalid, match="something else"):
        await FileOutbox.open(tmp_path / "other", MOST)
    with pytest.raises(SettingsInvalid, match="cannot be used"):
        await FileOutbox.open(tmp_path / "nowhere" / "buffer", MOST)
