import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies
from tests.domain.kernels.test_window import COUNTER, FEW, FINITE, Samples, check, grids, run, series
from tests.oracles import windows as oracle

from sightline.domain.kernels import trend

VALUES = st.one_of(COUNTER, st.sampled_from([np.nan, np.inf, -np.inf, 1e6]))


def is_tame(one: Samples, at: int, width: int) -> bool:
    """Whether the line through a window is far from vertical, so that rounding stays small beside it."""
    found = oracle.window(one, at, width)
    return len(found) < 2 or found[-1][0] - found[0][0] >= 1000


@FEW
@given(data=series(VALUES), grid=grids())
def test_slopes_agree_with_the_exact_result(
    bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """The slope of a window is that of its least-squares line; NaN and infinities have none."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        line = oracle.line(one, at, width, None)
        return None if line is None else line[0]

    zeros = np.zeros(grid[2])
    check(bodies(trend.trend), data, grid, (trend.SLOPE, zeros, zeros), expected)


@FEW
@given(data=series(COUNTER), grid=grids(), ahead=st.integers(-100, 100))
def test_forecasts_agree_with_the_exact_result(
    bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int], ahead: int
) -> None:
    """A forecast is where the line will be so many seconds after the instant."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        line = oracle.line(one, at, width, at)
        return None if line is None else line[0] * ahead + line[1]

    start, step, points, width = grid
    data = [one for one in data if all(is_tame(one, start + k * step, width) for k in range(points))]
    check(bodies(trend.trend), data, grid, (trend.FORECAST, np.full(points, float(ahead)), np.zeros(points)), expected)


@FEW
@given(data=series(FINITE), grid=grids(), level=st.floats(0.01, 0.99), slope=st.floats(0.01, 0.99))
def test_smoothing_agrees_level_by_level(
    bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int], level: float, slope: float
) -> None:
    """Holt's smoothing, whose factors may differ from instant to instant."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        return oracle.smoothed(oracle.values(oracle.window(one, at, width)), level, slope)

    points = grid[2]
    check(bodies(trend.trend), data, grid, (trend.SMOOTHED, np.full(points, level), np.full(points, slope)), expected)


@pytest.mark.parametrize("value", [0.1, -7.0, 1e300])
def test_a_constant_has_no_slope(bodies: Bodies, value: float) -> None:
    """Not even by rounding."""
    zero = np.zeros(1)
    for body in bodies(trend.trend):
        data: list[Samples] = [[(7 * n, value) for n in range(1, 10)]]
        assert run(body, data, (100, 1, 1, 100), trend.SLOPE, zero, zero)[0].tolist() == [[0.0]]
        assert run(body, data, (100, 1, 1, 100), trend.FORECAST, zero + 1e9, zero)[0].tolist() == [[value]]
