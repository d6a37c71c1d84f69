"""What checks need of each other."""

import pytest
from tests.domain.probes.checks import definition

from sightline.domain.errors import InvalidField
from sightline.domain.probes.check import Definition
from sightline.domain.probes.needs import Needers, circle, needed, renamed, require_sound
from sightline.domain.probes.options import Composed

WHOLE = Definition(name="all", options=Composed(checks=("a", "b")), depends_on=("router",))


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        ({}, ""),
        ({"a": "b", "b": "c"}, ""),
        ({"a": "bc", "b": "d", "c": "d"}, ""),
        ({"a": "a"}, "aa"),
        ({"a": "b", "b": "a"}, "aba"),
        ({"a": "bc", "b": "", "c": "d", "d": "a"}, "acda"),
        ({"a": "b", "b": "c", "c": "b"}, "bcb"),
    ],
)
def test_a_circle_is_told_with_its_way(needs: dict[str, str], found: str) -> None:
    """From a check back to itself, be it one that lies beyond the first; what two need is no circle."""
    assert "".join(circle("abcd", lambda name: needs.get(name, ""))) == found


def test_a_ladder_is_walked_once() -> None:
    """Each check needs both of the rung below: two to the fiftieth ways, and a hundred checks."""
    looked: list[int] = []

    def needs(name: str) -> list[str]:
        looked.append(int(name))
        rung = int(name) // 2
        return [str(2 * rung + 2), str(2 * rung + 3)] if rung < 49 else []

    assert circle(map(str, range(100)), needs) == ()
    assert sorted(looked) == list(range(100))


def test_all_that_a_check_needs_goes_by_its_new_name() -> None:
    """What it depends on and what it is composed of; two names may be exchanged."""
    after = renamed(WHOLE, {"a": "b", "b": "a", "router": "gate"})
    assert needed(after) == ("gate", "b", "a")
    assert needed(WHOLE) == ("router", "a", "b")


def test_a_need_that_is_not_there_is_told_with_its_place_and_what_was_meant() -> None:
    """Among the names that mean something."""
    known = {"a": definition("a"), "router": definition("router"), "all": WHOLE}
    with pytest.raises(InvalidField, match=r"options\.checks\[1\]: there is no check named 'b'"):
        require_sound([WHOLE], known.get, known)
    typed = definition("x", depends_on=("ruoter",))
    with pytest.raises(InvalidField, match=r"depends_on\[0\]: .*'ruoter'; there is 'router'"):
        require_sound([typed], known.get, known)


def test_who_needs_a_check_follows_its_changes() -> None:
    """Who has needed it longest comes first; who needs it no more is not told."""
    needers = Needers()
    needers.change(7, (), (1, 2))
    needers.change(8, (), (1,))
    needers.change(7, (1, 2), (1, 3))
    assert [needers.of(one) for one in (1, 2, 3, 9)] == [(7, 8), (), (7,), ()]
    needers.change(7, (1, 3), ())
    assert [needers.of(one) for one in (1, 2, 3)] == [(8,), (), ()]
