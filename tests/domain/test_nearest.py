"""Nearest names: the same as comparing all of them by an obvious distance."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.nearest import MOST_EDITS, distance, nearest

WORDS = st.text("abc_é", max_size=9)


@pytest.fixture(scope="module")
def many() -> list[str]:
    """A hundred thousand names."""
    return [f"shop_item_{number}_stock_level" for number in range(100_000)]


def slow(one: str, other: str) -> int:
    """Optimal string alignment, by its definition."""

    @cache
    def upto(left: int, right: int) -> int:
        if not left or not right:
            return left + right
        same = one[left - 1] == other[right - 1]
        edits = [upto(left - 1, right) + 1, upto(left, right - 1) + 1, upto(left - 1, right - 1) + (not same)]
        if left > 1 and right > 1 and one[left - 2 : left] == other[right - 2 : right][::-1]:
            edits.append(upto(left - 2, right - 2) + 1)
        return min(edits)

    return upto(len(one), len(other))


@given(WORDS, WORDS, st.integers(0, 5))
def test_a_distance_is_told_up_to_its_bound(one: str, other: str, bound: int) -> None:
    """Within the bound it is that of the definition, and beyond it one more than the bound."""
    assert distance(one, other, bound) == min(slow(one, other), bound + 1)


@given(WORDS, st.lists(WORDS, unique=True, max_size=12), st.integers(1, 4))
def test_the_nearest_names_are_those_of_a_comparison_with_all(name: str, among: list[str], most: int) -> None:
    """However names are sifted before they are compared, the nearest come first and none of them is missing."""
    bound = min(MOST_EDITS, max(1, len(name) // 3))
    near = sorted((slow(name, one), one) for one in among if 0 < slow(name, one) <= bound)
    assert nearest(name, among, most) == tuple(one for _, one in near[:most])


@pytest.mark.parametrize(
    ("meant", "written"),
    [
        ("node_memory_MemAvailable_bytes", "node_memory_MemAvailable_byte"),
        ("http_requests_total", "http_request_total"),
        ("process_cpu_seconds_total", "process_cpu_seconds"),
        ("up", "pu"),
    ],
)
def test_what_people_mistype_is_found_among_many(many: list[str], meant: str, written: str) -> None:
    """A letter, an ending or an exchange: the name that was meant comes first among a hundred thousand."""
    assert nearest(written, [*many, meant])[0] == meant


def test_names_that_have_nothing_in_common_are_not_near() -> None:
    """A short name is near only what differs by one edit."""
    assert nearest("up", ["cpu", "cup", "node_load1", "down"]) == ("cup",)
