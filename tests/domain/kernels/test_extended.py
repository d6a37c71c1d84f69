from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies
from tests.domain.kernels.test_window import COUNTER, FEW, Samples, check, grids, run, series
from tests.oracles import windows as oracle

from sightline.domain.kernels import extended


@FEW
@given(data=series(COUNTER), grid=grids(), share=st.floats(0.1, 0.9), is_smoothed=st.booleans())
@pytest.mark.parametrize("function", [extended.DELTA, extended.INCREASE, extended.RATE])
def test_changes_follow_the_line(
    bodies: Bodies,
    data: list[Samples],
    grid: tuple[int, int, int, int],
    share: float,
    function: int,
    *,
    is_smoothed: bool,
) -> None:
    """A change is that of the line through the samples, cut off at the ends of the window, or of its last sample before."""
    inner = max(1, int(grid[3] * share))
    ahead = (grid[3] - inner) // 2 if is_smoothed else 0

    def expected(one: Samples, at: int, width: int) -> float | None:
        end = at - ahead
        seen, counter = oracle.window(one, at, width), function != extended.DELTA
        found = oracle.extended_change(seen, end - inner, end, smoothed=ahead > 0, counter=counter)
        return found if found is None or function != extended.RATE else found / (inner / 1000)

    check(bodies(extended.extended), data, grid, (inner, ahead, function), expected)


def test_what_resets_lost_is_added_up_before_it_is_added(bodies: Bodies) -> None:
    """Sums round as those of Prometheus do, to the last bit."""
    data = [[(1000, 0.0), (2000, 1.0), (3000, 0.0), (4000, 1e16), (5000, 1.0)]]
    for body in bodies(extended.extended):
        out, present = run(body, data, (5000, 1, 1, 5000), 4000, 0, extended.INCREASE)
        assert (out.tolist(), present.tolist()) == ([[1e16]], [[True]])


@FEW
@given(data=series(COUNTER), grid=grids(), share=st.floats(0.1, 0.9))
@pytest.mark.parametrize("function", [extended.CHANGES, extended.RESETS])
def test_differences_count_from_the_sample_before(
    bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int], share: float, function: int
) -> None:
    """The first sample of a window is compared with the last one before it."""
    inner = max(1, int(grid[3] * share))

    def expected(one: Samples, at: int, width: int) -> float | None:
        seen = oracle.window(one, at, width)
        inside = [value for time, value in seen if time > at - inner]
        if not inside:
            return None
        own = [*[value for time, value in seen if time <= at - inner][-1:], *inside]
        differ = [after < before if function == extended.RESETS else after != before for before, after in pairwise(own)]
        return float(sum(differ))

    check(bodies(extended.extended), data, grid, (inner, 0, function), expected)


@FEW
@given(data=series(COUNTER), grid=grids())
def test_a_smoothed_value_lies_on_the_line(
    bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """Between two samples a value is interpolated; before the first there is none, after the last it stays."""
    ahead = grid[3] // 2

    def expected(one: Samples, at: int, width: int) -> float | None:
        return oracle.line_value(oracle.window(one, at, width), at - ahead)

    check(bodies(extended.extended), data, grid, (0, ahead, extended.VALUE), expected)
