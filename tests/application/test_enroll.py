"""Checks as people define and change them."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.domain.probes.checks import definition
from typing_extensions import override

from sightline.adapters.outbound.memory.checks import MemoryChecks
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.application.enroll import Enroll
from sightline.domain.errors import Conflict, InvalidField, NotFound, Unavailable
from sightline.domain.probes.check import Check
from sightline.domain.tenancy import LOCAL, Principal, Role, Tenant
from sightline.ports.checks import Rewrite

OTHER = Principal("b", Tenant("b"), Role.ADMIN)


class SlowChecks(MemoryChecks):
    """Takes a while for each change. refused: the name of one that it does not take."""

    refused = ""

    @override
    async def put(self, tenant: Tenant, changes: Sequence[Rewrite], at: int) -> list[Check]:
        await asyncio.sleep(0)
        if self.refused in {one.definition.name for one in changes}:
            raise Unavailable("the catalog is away")
        found = await super().put(tenant, changes, at)
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


async def test_a_name_that_not_all_can_be_told_of_is_not_given(enroll: Enroll, checks: SlowChecks) -> None:
    """The store does not take what becomes of a check that needs it: both stay as they were."""
    a, b = await enroll.add(LOCAL, [definition("a"), definition("b", depends_on=("a",))])
    checks.refused = "b"
    with pytest.raises(Unavailable):
        await enroll.put(LOCAL, a.id, definition("z"))
    assert await enroll.all(LOCAL) == [a, b]
    assert await checks.all(LOCAL.tenant) == [a, b]


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


async def test_who_goes_away_leaves_nothing_that_is_stored_and_not_followed(enroll: Enroll, checks: SlowChecks) -> None:
    """A change whose caller is cancelled in the middle is made all the same, and told to who watches."""
    (a,) = await enroll.add(LOCAL, [definition("a")])
    told: list[frozenset[int]] = []

    async def watch(changed: frozenset[int]) -> None:
        told.append(changed)

    enroll.watch(watch)
    change = asyncio.ensure_future(enroll.put(LOCAL, a.id, definition("a", interval=5_000)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    change.cancel()
    await enroll.delete(LOCAL, (await enroll.add(LOCAL, [definition("b")]))[0].id)
    assert change.cancelled()
    assert await enroll.all(LOCAL) == await checks.all(LOCAL.tenant)
    assert (await enroll.get(LOCAL, a.id)).definition.interval == 5_000
    assert told[0] == {a.id}


async def test_several_that_are_only_sound_together_are_put_together(enroll: Enroll) -> None:
    """Two exchange who needs whom, and their names; a third that needs one of them goes on needing it."""
    a, b, c = await enroll.add(
        LOCAL, [definition("a"), definition("b", depends_on=("a",)), definition("c", depends_on=("b",))]
    )
    await enroll.put_all(LOCAL, {a.id: definition("b", depends_on=("a",)), b.id: definition("a")})
    assert {one.name: one.definition.depends_on for one in await enroll.all(LOCAL)} == {
        "b": ("a",),
        "a": (),
        "c": ("a",),
    }
    assert enroll.roster[c.id].needs == (b.id,)
    with pytest.raises(Conflict, match="'c'"):
        await enroll.delete(LOCAL, b.id)


async def test_who_needs_a_check_is_known_through_every_change(enroll: Enroll) -> None:
    """What is needed cannot be deleted; once nothing needs it any more, it can."""
    a, b = await enroll.add(LOCAL, [definition("a"), definition("b", depends_on=("a",))])
    await enroll.put(LOCAL, b.id, definition("b", interval=5_000))
    await enroll.delete(LOCAL, a.id)
    (c,) = await enroll.add(LOCAL, [definition("c", depends_on=("b",))])
    with pytest.raises(Conflict, match="'c'"):
        await enroll.delete(LOCAL, b.id)
    await enroll.delete(LOCAL, c.id)
    await enroll.delete(LOCAL, b.id)
    assert not enroll.roster
