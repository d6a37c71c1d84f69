"""What every store of checks promises, proven on each."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from sightline.adapters.outbound.memory.checks import MemoryChecks
from sightline.adapters.outbound.sql.checks import SqlChecks
from sightline.adapters.outbound.sql.database import SqlDatabase
from sightline.domain.errors import Conflict, NotFound
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.options import BasicAuth, Composed, Heartbeat, Http, Tcp, TlsTrust
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.ports.checks import Checks, Rewrite

pytestmark = pytest.mark.anyio

OTHER_TENANT = Tenant("other")
SHOP = Definition(
    name="Shop ü",
    url="https://shop.example/health",
    options=Http(method="POST", headers={"X-A": "b"}, auth=BasicAuth("me", "secret"), tls=TlsTrust(verify=False)),
    interval=5_000,
    conditions=("status == 200", "body contains 'ok'"),
    locations=("here", "there"),
    tags={"team": "a"},
)
QUEUE = Definition(name="queue", url="queue.example:5672", options=Tcp())
ABSENT = (0, -1, 7, 2**63, 2**200)


@asynccontextmanager
async def _memory(_: Path) -> AsyncIterator[Checks]:
    yield MemoryChecks()


@asynccontextmanager
async def _sqlite(folder: Path) -> AsyncIterator[Checks]:
    database = await SqlDatabase.open(folder / "catalog.sqlite")
    yield SqlChecks(database)
    await database.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Checks]]] = {"memory": _memory, "sqlite": _sqlite}


@pytest.fixture(params=ADAPTERS)
async def checks(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Checks]:
    """Each store in turn, empty."""
    async with ADAPTERS[request.param](tmp_path) as opened:
        yield opened


async def names(checks: Checks, tenant: Tenant = DEFAULT_TENANT) -> list[str]:
    """What a tenant's checks are called."""
    return [check.name for check in await checks.all(tenant)]


async def put(
    checks: Checks,
    check_id: int,
    definition: Definition,
    at: int,
    expected: int | None = None,
    tenant: Tenant = DEFAULT_TENANT,
) -> Check:
    """One check says something else."""
    (changed,) = await checks.put(tenant, [Rewrite(check_id, definition, expected)], at)
    return changed


async def test_new_checks_are_stored_as_they_were_written(checks: Checks) -> None:
    """They have ids from 1 on in the order given, were created and updated now, and are at version 1."""
    stored = await checks.add(DEFAULT_TENANT, [SHOP, QUEUE], 1_000)
    assert stored == [Check(1, SHOP, 1_000, 1_000, 1), Check(2, QUEUE, 1_000, 1_000, 1)]
    assert await checks.all(DEFAULT_TENANT) == stored
    assert [await checks.get(DEFAULT_TENANT, check.id) for check in stored] == stored


async def test_every_kind_comes_back(checks: Checks) -> None:
    """Options are of the kind that they were."""
    heartbeat = Heartbeat(cron="0 3 * * *", timezone="Europe/Berlin", token="t")
    written = [
        Definition(name="backup", options=heartbeat),
        Definition(name="all", options=Composed(checks=("a", "b"), need=1)),
    ]
    await checks.add(DEFAULT_TENANT, written, 1)
    assert [check.definition for check in await checks.all(DEFAULT_TENANT)] == written


async def test_nothing_added_is_nothing_stored(checks: Checks) -> None:
    """No definitions are no checks, and not an error."""
    assert await checks.add(DEFAULT_TENANT, [], 1) == []
    assert await checks.all(DEFAULT_TENANT) == []
    assert await checks.everyone() == []


@pytest.mark.parametrize("twice", [[QUEUE, replace(SHOP, name="new"), SHOP], [QUEUE, QUEUE]])
async def test_a_name_that_is_taken_adds_nothing(checks: Checks, twice: list[Definition]) -> None:
    """Be it taken by a stored check or by another of the same call, which the message names."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    with pytest.raises(Conflict, match=twice[-1].name):
        await checks.add(DEFAULT_TENANT, twice, 2)
    assert await names(checks) == [SHOP.name]


async def test_ids_are_never_given_again(checks: Checks) -> None:
    """What was deleted, even the newest of all, leaves its id behind, for every tenant."""
    await checks.add(DEFAULT_TENANT, [SHOP, QUEUE], 1)
    assert await checks.delete(DEFAULT_TENANT, 2)
    (other,) = await checks.add(OTHER_TENANT, [SHOP], 2)
    assert await checks.delete(OTHER_TENANT, other.id)
    (again,) = await checks.add(DEFAULT_TENANT, [QUEUE], 3)
    assert (other.id, again.id) == (3, 4)


async def test_a_put_replaces_what_is_said(checks: Checks) -> None:
    """Id and created_at stay, updated_at is new, and the version grows."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    renamed = replace(SHOP, name="Store", enabled=False)
    assert await put(checks, 1, renamed, 5) == Check(1, renamed, 1, 5, 2)
    assert await put(checks, 1, QUEUE, 6, expected=2) == Check(1, QUEUE, 1, 6, 3)
    assert await checks.get(DEFAULT_TENANT, 1) == Check(1, QUEUE, 1, 6, 3)
    assert await checks.all(DEFAULT_TENANT) == [Check(1, QUEUE, 1, 6, 3)]


async def test_a_put_that_expects_another_version_changes_nothing(checks: Checks) -> None:
    """The message names the version that is there."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    with pytest.raises(Conflict, match="at version 1, not 2"):
        await put(checks, 1, QUEUE, 5, expected=2)
    assert await names(checks) == [SHOP.name]


async def test_a_put_cannot_take_the_name_of_another(checks: Checks) -> None:
    """Its own name it keeps, and a name that was given up is free."""
    await checks.add(DEFAULT_TENANT, [SHOP, QUEUE], 1)
    with pytest.raises(Conflict, match=SHOP.name):
        await put(checks, 2, replace(QUEUE, name=SHOP.name), 2)
    await put(checks, 2, replace(QUEUE, url="elsewhere:1"), 3)
    await put(checks, 1, replace(SHOP, name="free"), 4)
    await put(checks, 2, replace(QUEUE, name=SHOP.name), 5)
    assert await names(checks) == ["free", SHOP.name]


async def test_several_are_replaced_together(checks: Checks) -> None:
    """They come back in the order given, each with its own id and version."""
    await checks.add(DEFAULT_TENANT, [SHOP, QUEUE], 1)
    await put(checks, 1, SHOP, 2)
    slower, moved = replace(QUEUE, interval=90_000), replace(SHOP, url="https://new.example")
    changed = await checks.put(DEFAULT_TENANT, [Rewrite(2, slower, 1), Rewrite(1, moved)], 5)
    assert changed == [Check(2, slower, 1, 5, 2), Check(1, moved, 1, 5, 3)]
    assert await checks.all(DEFAULT_TENANT) == changed[::-1]
    assert await checks.put(DEFAULT_TENANT, [], 6) == []


async def test_names_may_be_exchanged(checks: Checks) -> None:
    """Each takes the name of the next, and the last that of the first; what was the name of one is that of another."""
    third = replace(QUEUE, name="third")
    await checks.add(DEFAULT_TENANT, [SHOP, QUEUE, third], 1)
    given = [replace(SHOP, name="queue"), replace(QUEUE, name="third"), replace(third, name=SHOP.name)]
    await checks.put(DEFAULT_TENANT, [Rewrite(number, one) for number, one in enumerate(given, 1)], 2)
    assert [check.definition for check in await checks.all(DEFAULT_TENANT)] == given
    with pytest.raises(Conflict, match="third"):
        await checks.add(DEFAULT_TENANT, [third], 3)


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (Rewrite(9, QUEUE), NotFound),
        (Rewrite(2, QUEUE, 7), Conflict),
        (Rewrite(2, replace(QUEUE, name="new")), Conflict),
        (Rewrite(2, replace(QUEUE, name="kept")), Conflict),
    ],
)
async def test_one_that_cannot_be_replaced_keeps_all_as_they_were(
    checks: Checks, second: Rewrite, error: type[Exception]
) -> None:
    """Be it not there, at another version, or of a name that is given twice or kept by one that does not change."""
    stored = await checks.add(DEFAULT_TENANT, [SHOP, QUEUE, replace(QUEUE, name="kept")], 1)
    with pytest.raises(error):
        await checks.put(DEFAULT_TENANT, [Rewrite(1, replace(SHOP, name="new")), second], 2)
    assert await checks.all(DEFAULT_TENANT) == stored


async def test_many_are_replaced_at_once(checks: Checks) -> None:
    """More than a statement takes."""
    stored = await checks.add(DEFAULT_TENANT, [replace(QUEUE, name=f"q{number}") for number in range(2_500)], 1)
    changes = [Rewrite(one.id, replace(one.definition, name=f"{one.name}!")) for one in stored]
    await checks.put(DEFAULT_TENANT, changes, 2)
    assert await names(checks) == [f"q{number}!" for number in range(2_500)]


@pytest.mark.parametrize("absent", ABSENT)
async def test_what_is_not_there_is_not_found(checks: Checks, absent: int) -> None:
    """Whatever number it would have; a delete has nothing to do."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    with pytest.raises(NotFound, match=str(absent)):
        await checks.get(DEFAULT_TENANT, absent)
    with pytest.raises(NotFound, match=str(absent)):
        await put(checks, absent, QUEUE, 1)
    assert not await checks.delete(DEFAULT_TENANT, absent)


async def test_a_delete_says_whether_there_was_something(checks: Checks) -> None:
    """The first removes, the second finds nothing, and the name is free."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    assert await checks.delete(DEFAULT_TENANT, 1)
    assert not await checks.delete(DEFAULT_TENANT, 1)
    assert [check.id for check in await checks.add(DEFAULT_TENANT, [SHOP], 2)] == [2]


async def test_tenants_see_nothing_of_each_other(checks: Checks) -> None:
    """One name is a check of its own in each, neither found, listed, changed nor removed by another."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    await checks.add(OTHER_TENANT, [SHOP], 2)
    with pytest.raises(NotFound):
        await checks.get(OTHER_TENANT, 1)
    with pytest.raises(NotFound):
        await put(checks, 1, QUEUE, 3, tenant=OTHER_TENANT)
    assert not await checks.delete(OTHER_TENANT, 1)
    assert [check.id for check in await checks.all(DEFAULT_TENANT)] == [1]
    assert [check.id for check in await checks.all(OTHER_TENANT)] == [2]


async def test_everyone_has_the_checks_of_all_tenants(checks: Checks) -> None:
    """In ascending order of id, whoever owns them and whichever was changed last."""
    await checks.add(OTHER_TENANT, [SHOP], 1)
    await checks.add(DEFAULT_TENANT, [SHOP, QUEUE], 1)
    await put(checks, 1, QUEUE, 2, tenant=OTHER_TENANT)
    found = [(tenant, check.id, check.name) for tenant, check in await checks.everyone()]
    assert found == [(OTHER_TENANT, 1, "queue"), (DEFAULT_TENANT, 2, SHOP.name), (DEFAULT_TENANT, 3, "queue")]


async def test_what_was_returned_is_no_longer_the_stores(checks: Checks) -> None:
    """A list may be changed by who got it without changing what is stored."""
    await checks.add(DEFAULT_TENANT, [SHOP], 1)
    (await checks.all(DEFAULT_TENANT)).clear()
    (await checks.everyone()).clear()
    assert await names(checks) == [SHOP.name]
    assert len(await checks.everyone()) == 1


async def test_a_file_keeps_checks_over_a_restart(tmp_path: Path) -> None:
    """They are there when it is opened again, and ids go on from where they were, the deleted ones included."""
    async with _sqlite(tmp_path) as checks:
        stored = await checks.add(DEFAULT_TENANT, [SHOP, QUEUE], 1)
        await checks.delete(DEFAULT_TENANT, 2)
    async with _sqlite(tmp_path) as checks:
        assert await checks.all(DEFAULT_TENANT) == stored[:1]
        assert [check.id for check in await checks.add(DEFAULT_TENANT, [QUEUE], 2)] == [3]
