"""Grids and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.errors import BadData
from sightline.domain.timerange import Grid, format_duration, parse_duration


@given(st.integers(-(10**12), 10**12))
def test_durations_survive_the_way_to_text_and_back(milliseconds: int) -> None:
    """What is formatted is read as the same duration; a negative one has a sign before it."""
    text = format_duration(milliseconds)
    assert parse_duration(text.removeprefix("-")) == abs(milliseconds)
    assert text.startswith("-") is (milliseconds < 0)


@pytest.mark.parametrize(
    ("text", "value"), [("1h30m", 5_400_000), ("1w2d", 777_600_000), ("1y", 31_536_000_000), ("0s", 0)]
)
def test_durations_are_prometheus_durations(text: str, value: int) -> None:
    """A year has 365 days and a week seven."""
    assert parse_duration(text) == value


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1m1h", "-5m", "1.5h", "5M"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Order, units and digits are checked."""
    with pytest.raises(BadData, match="not a duration"):
        parse_duration(text)


@given(st.integers(-1000, 1000), st.integers(0, 500), st.integers(1, 50))
def test_a_grid_has_as_many_times_as_it_says(start: int, length: int, step: int) -> None:
    """All times lie in the range, one step apart, beginning at its start."""
    grid = Grid(start, start + length, step)
    times = grid.times().tolist()
    assert len(times) == grid.points
    assert times[0] == start
    assert times[-1] <= grid.end < times[-1] + step
    assert Grid.instant(start).times().tolist() == [start]
