"""Checks as people define and change them."""

import asyncio

import pytest
from tests.domain.probes.checks import definition
from typing_extensions import override

from sightline.adapters.outbound.memory.checks import MemoryChecks
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application.enroll import Enroll
from sightline.domain.errors import Conflict, InvalidField, NotFound, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.tenancy import LOCAL, Principal, Role, Tenant

OTHER = Principal("b", Tenant("b"), Role.ADMIN)


class SlowChecks(MemoryChecks):
    """Takes a while for each change. refused: the name of one that it does not take."""

    refused = ""

    @override
    async def put(
        self, tenant: Tenant, check_id: int, definition: Definition, at: int, expected: int | None = None
    ) -> Check:
        await asyncio.sleep(0)
        if definition.name == self.refused:
            raise Unavailable("the catalog is away")
        found = await super().put(tenant, check_id, definition, at, expected)
        await asyncio.sleep(0)
        return found


@pytest.fixture
def checks() -> SlowChecks:
    return SlowChecks()


@pytest.fixture
def enroll(checks: SlowChecks) -> Enroll:
    return Enroll(checks, ManualClock(), most=3)


async def test_two_changes_at_once_make_no_circle(enroll: Enroll) -> None:
    """Each is sound by itself; the second is refused."""
    a, b = await enroll.add(LOCAL, [definition("a"), definition("b")])
    told = await asyncio.gather(
        enroll.put(LOCAL, a.id, definition("a", depends_on=("b",))),
        enroll.put(LOCAL, b.id, definition("b", depends_on=("a",))),
        return_exceptions=True,
    )
    assert [type(one) for one in told if isinstance(one, Exception)] == [InvalidField]


async def test_a_check_that_is_deleted_while_it_is_changed_does_not_come_back(
    enroll: Enroll, checks: SlowChecks
) -> None:
    """Whichever comes first, what is followed is what is stored."""
    (a,) = await enroll.add(LOCAL, [definition("a")])
    await asyncio.gather(
        enroll.put(LOCAL, a.id, definition("a", interval=5_000)), enroll.delete(LOCAL, a.id), return_exceptions=True
    )
    assert not enroll.roster
    assert not await checks.everyone()


async def test_a_name_that_not_all_could_be_told_of_is_followed_as_it_is_stored(
    enroll: Enroll, checks: SlowChecks
) -> None:
    """The store goes away in the middle: the check goes by its new name all the same."""
    a, _ = await enroll.add(LOCAL, [definition("a"), definition("b", depends_on=("a",))])
    checks.refused = "b"
    with pytest.raises(Unavailable):
        await enroll.put(LOCAL, a.id, definition("z"))
    assert (await enroll.by_name(LOCAL, "z")).id == a.id
    with pytest.raises(NotFound):
        await enroll.by_name(LOCAL, "a")


async def test_renaming_is_followed_by_those_that_need_it(enroll: Enroll) -> None:
    """Also by one that is composed of it; deleting is refused while they do."""
    a, b = await enroll.add(LOCAL, [definition("a"), definition("b", depends_on=("a",))])
    await enroll.put(LOCAL, a.id, definition("z"))
    assert (await enroll.get(LOCAL, b.id)).definition.depends_on == ("z",)
    with pytest.raises(Conflict):
        await enroll.delete(LOCAL, a.id)


async def test_a_circle_over_several_is_refused_with_its_way(enroll: Enroll) -> None:
    """It says who needs whom."""
    a, *_ = await enroll.add(
        LOCAL, [definition("a"), definition("b", depends_on=("a",)), definition("c", depends_on=("b",))]
    )
    with pytest.raises(InvalidField, match="'a' needs 'c' needs 'b' needs 'a'"):
        await enroll.put(LOCAL, a.id, definition("a", depends_on=("c",)))


async def test_tenants_have_names_and_room_of_their_own(enroll: Enroll) -> None:
    """Nothing of another can be read, changed, deleted or needed."""
    (mine,) = await enroll.add(LOCAL, [definition("a")])
    await enroll.add(OTHER, [definition("a"), definition("b"), definition("c")])
    with pytest.raises(NotFound):
        await enroll.delete(OTHER, mine.id)
    with pytest.raises(InvalidField):
        await enroll.add(LOCAL, [definition("d", depends_on=("b",))])
    with pytest.raises(Conflict, match=r"checks\.max"):
        await enroll.add(OTHER, [definition("d")])
    assert [one.name for one in await enroll.all(LOCAL)] == ["a"]
