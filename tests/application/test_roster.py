"""The checks that are probed, and what changed of them."""

from tests.domain.probes.checks import check

from sightline.application.roster import Roster, Rostered
from sightline.domain.probes.judging import Judge
from sightline.domain.tenancy import LOCAL


def enrolled(number: int) -> Rostered:
    """A check of that id."""
    one = check(number, f"c{number}")
    return LOCAL.tenant, one, Judge.of(one.definition)


def ids(roster: Roster) -> list[int]:
    """Those that are there."""
    return [one.id for _, one, _ in roster.checks()]


def test_a_change_leaves_the_others_as_they_are() -> None:
    """What came, what changed and what went is told once to who knew the generation before."""
    roster = Roster()
    roster.replace(map(enrolled, (1, 2, 3)))
    before = roster.generation
    roster.change([enrolled(4), enrolled(2)], [1, 9])
    roster.change([enrolled(4)], [])
    assert ids(roster) == [2, 3, 4]
    assert list(roster.since(before) or ()) == [4, 2, 1]
    assert list(roster.since(before + 1) or ()) == [4]
    assert list(roster.since(roster.generation) or ()) == []
    assert roster.find(1) is None
    assert roster.find(4) is not None


def test_after_all_were_replaced_anything_may_have_changed() -> None:
    """Nobody compares them but who wants to know."""
    roster = Roster()
    roster.change([enrolled(1)], [])
    roster.replace([enrolled(2)])
    assert roster.since(0) is None
    assert roster.since(1) is None
    assert ids(roster) == [2]
    roster.change([], [2])
    assert list(roster.since(2) or ()) == [2]


def test_who_is_far_behind_looks_at_everything() -> None:
    """Not every change is remembered for ever."""
    roster = Roster()
    for _ in range(2_000):
        roster.change([enrolled(1)], [])
    assert roster.since(0) is None
    assert list(roster.since(1_999) or ()) == [1]
