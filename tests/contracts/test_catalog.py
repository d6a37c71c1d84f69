"""What every catalog promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.outbound.sql.catalog import SqlCatalog
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.errors import Conflict, NotFound
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.ports.catalog import Catalog, Change, Document

pytestmark = pytest.mark.anyio

OTHER_TENANT = Tenant("other")


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Catalog]:
    yield MemoryCatalog()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Catalog]:
    database = await SqlDatabase.open(folder / "catalog.sqlite")
    yield SqlCatalog(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Catalog]]] = {
    "memory": _memory,
    "sqlite": _sqlite,
}


@pytest.fixture(params=ADAPTERS)
async def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Catalog]:
    """Each catalog in turn, empty."""
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


async def test_what_was_put_can_be_got(catalog: Catalog) -> None:
    """A put gives the stored document at version 1, and a get the same."""
    put = await catalog.put(DEFAULT_TENANT, "rule", "a", b'{"x":1}')
    assert put == Document("a", 1, b'{"x":1}')
    assert await catalog.get(DEFAULT_TENANT, "rule", "a") == put


async def test_what_is_not_there_is_not_found(catalog: Catalog) -> None:
    """A get of a missing document says which one is missing."""
    with pytest.raises(NotFound, match="'a'"):
        await catalog.get(DEFAULT_TENANT, "rule", "a")


async def test_every_put_raises_the_version_by_one(catalog: Catalog) -> None:
    """Replacing a document counts, also when the body stays the same."""
    versions = [(await catalog.put(DEFAULT_TENANT, "rule", "a", body)).version for body in (b"1", b"2", b"2")]
    assert versions == [1, 2, 3]
    assert (await catalog.get(DEFAULT_TENANT, "rule", "a")).body == b"2"


async def test_a_list_is_in_order_of_key(catalog: Catalog) -> None:
    """All documents of the kind come, in ascending order of key whatever the order of their puts."""
    for key in ("b", "a", "ä", "B", "a1"):
        await catalog.put(DEFAULT_TENANT, "rule", key, key.encode())
    found = await catalog.list(DEFAULT_TENANT, "rule")
    assert [document.key for document in found] == ["B", "a", "a1", "b", "ä"]
    assert [document.body.decode() for document in found] == ["B", "a", "a1", "b", "ä"]


async def test_an_empty_list_is_empty(catalog: Catalog) -> None:
    """A kind of which there is nothing is an empty list, not an error."""
    assert await catalog.list(DEFAULT_TENANT, "rule") == []


async def test_kinds_are_separate(catalog: Catalog) -> None:
    """One key names a document in each kind."""
    await catalog.put(DEFAULT_TENANT, "rule", "a", b"rule")
    await catalog.put(DEFAULT_TENANT, "check", "a", b"check")
    assert (await catalog.get(DEFAULT_TENANT, "rule", "a")).body == b"rule"
    assert [document.body for document in await catalog.list(DEFAULT_TENANT, "check")] == [b"check"]


async def test_tenants_see_nothing_of_each_other(catalog: Catalog) -> None:
    """What one tenant put is neither found, listed, deleted nor in the way of another."""
    await catalog.put(DEFAULT_TENANT, "rule", "a", b"mine")
    with pytest.raises(NotFound):
        await catalog.get(OTHER_TENANT, "rule", "a")
    assert await catalog.list(OTHER_TENANT, "rule") == []
    assert not await catalog.delete(OTHER_TENANT, "rule", "a")
    assert (await catalog.put(OTHER_TENANT, "rule", "a", b"theirs", expected=0)).version == 1
    assert (await catalog.get(DEFAULT_TENANT, "rule", "a")).body == b"mine"


async def test_a_put_may_expect_a_version(catalog: Catalog) -> None:
    """With the version that is there a put succeeds; 0 expects that nothing is there."""
    assert (await catalog.put(DEFAULT_TENANT, "rule", "a", b"1", expected=0)).version == 1
    assert (await catalog.put(DEFAULT_TENANT, "rule", "a", b"2", expected=1)).version == 2


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_a_put_that_expects_another_version_changes_nothing(catalog: Catalog, expected: int) -> None:
    """With any version but the one that is there a put is a conflict, and the document stays."""
    for body in (b"1", b"2"):
        await catalog.put(DEFAULT_TENANT, "rule", "a", body)
    with pytest.raises(Conflict):
        await catalog.put(DEFAULT_TENANT, "rule", "a", b"3", expected=expected)
    assert await catalog.get(DEFAULT_TENANT, "rule", "a") == Document("a", 2, b"2")


async def test_a_put_that_expects_something_where_nothing_is_is_a_conflict(catalog: Catalog) -> None:
    """A version can only be expected of a document that is there."""
    with pytest.raises(Conflict):
        await catalog.put(DEFAULT_TENANT, "rule", "a", b"1", expected=1)
    assert await catalog.list(DEFAULT_TENANT, "rule") == []


async def test_a_delete_says_whether_there_was_something(catalog: Catalog) -> None:
    """The first delete removes, the second finds nothing, and the key can be used again."""
    await catalog.put(DEFAULT_TENANT, "rule", "a", b"1")
    assert await catalog.delete(DEFAULT_TENANT, "rule", "a")
    assert not await catalog.delete(DEFAULT_TENANT, "rule", "a")
    with pytest.raises(NotFound):
        await catalog.get(DEFAULT_TENANT, "rule", "a")
    assert (await catalog.put(DEFAULT_TENANT, "rule", "a", b"2", expected=0)).version == 1


async def test_what_was_returned_is_no_longer_the_catalogs(catalog: Catalog) -> None:
    """A list may be changed by who got it without changing what is stored."""
    await catalog.put(DEFAULT_TENANT, "rule", "a", b"1")
    (await catalog.list(DEFAULT_TENANT, "rule")).clear()
    assert len(await catalog.list(DEFAULT_TENANT, "rule")) == 1


async def test_many_changes_are_one_write(catalog: Catalog) -> None:
    """Documents of any tenant and kind are put and removed in order, each put counting as one."""
    await catalog.put(DEFAULT_TENANT, "rule", "a", b"1")
    await catalog.put(DEFAULT_TENANT, "rule", "b", b"1")
    await catalog.write(
        [
            Change(DEFAULT_TENANT, "rule", "a", b"2"),
            Change(OTHER_TENANT, "rule", "a", b"theirs"),
            Change(DEFAULT_TENANT, "rule", "b", None),
            Change(DEFAULT_TENANT, "rule", "c", None),
            Change(DEFAULT_TENANT, "rule", "d", b"1"),
            Change(DEFAULT_TENANT, "rule", "d", b"2"),
            Change(DEFAULT_TENANT, "check", "a", b"x"),
        ]
    )
    assert await catalog.list(DEFAULT_TENANT, "rule") == [Document("a", 2, b"2"), Document("d", 2, b"2")]
    assert await catalog.list(OTHER_TENANT, "rule") == [Document("a", 1, b"theirs")]
    assert await catalog.list(DEFAULT_TENANT, "check") == [Document("a", 1, b"x")]
    await catalog.write([])
