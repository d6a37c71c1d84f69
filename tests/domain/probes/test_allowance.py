"""How many probes are under way at once."""

import pytest

from sightline.domain.probes.allowance import Allowance


def test_who_finds_a_place_begins() -> None:
    """Places are given as long as there are some, and whoever comes later waits."""
    allowance: Allowance[str] = Allowance(1)
    assert allowance.ask("first", slow=False)
    assert not allowance.ask("second", slow=False)
    assert (allowance.under_way, allowance.waiting) == (1, 1)
    assert allowance.following() is None


def test_a_place_that_is_left_goes_to_who_waits_longest() -> None:
    """First come, first served."""
    allowance: Allowance[str] = Allowance(1)
    for name in ("first", "second", "third"):
        allowance.ask(name, slow=False)
    order = []
    for _ in range(2):
        allowance.leave(slow=False)
        admitted = allowance.following()
        assert admitted is not None
        order.append(admitted[0])
    assert order == ["second", "third"]


@pytest.mark.parametrize(("kind", "share"), [("slow", 75), ("quick", 87)])
def test_neither_the_slow_nor_the_quick_take_all_places(kind: str, share: int) -> None:
    """However many of one kind there are, the other finds a place at once."""
    allowance: Allowance[int] = Allowance(100)
    slow = kind == "slow"
    begun = sum(allowance.ask(number, slow=slow) for number in range(1_000))
    assert begun == share
    assert all(allowance.ask(number, slow=not slow) for number in range(100 - share))
    assert not allowance.ask(0, slow=not slow)
    assert allowance.under_way == 100


def test_the_slow_do_not_wait_for_the_quick_to_be_served() -> None:
    """When both wait, the quick are served first, as far as their share goes, and then the slow."""
    allowance: Allowance[str] = Allowance(8)
    for number in range(20):
        allowance.ask(f"quick {number}", slow=False)
        allowance.ask(f"slow {number}", slow=True)
    assert allowance.under_way == 8
    allowance.leave(slow=True)
    admitted = [allowance.following(), allowance.following()]
    assert admitted[1] is None
    assert admitted[0] is not None
