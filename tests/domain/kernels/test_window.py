from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.domain.kernels.conftest import Bodies
from tests.oracles import windows as oracle

from sightline.domain.kernels import over_time, window
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, STALE_BITS, SeriesColumns, stale_mask

Samples = list[tuple[int, float]]
Matrix = NDArray[np.float64]

FEW = settings(max_examples=settings().max_examples // 2)  # each runs every body on whole matrices
FINITE = st.floats(-1e9, 1e9, allow_subnormal=False)
ANY = st.one_of(FINITE, st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-300, 1e300]))
COUNTER = st.integers(0, 20).map(float)
LIKE = st.sampled_from([1.0, 2.0])  # often the same twice


def series(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[Samples]]:
    """Some series, of any length, at times that are regular for a while and then are not."""
    one = st.lists(st.tuples(st.sampled_from([1, 700, 15_000, 15_000, 15_000, 61_000]), values), max_size=12).map(
        lambda steps: [
            (int(time), value) for time, (_, value) in zip(np.cumsum([s for s, _ in steps]), steps, strict=True)
        ]
    )
    return st.lists(one, max_size=3)


@st.composite
def grids(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """A start, a step, a number of points, and a width."""
    start = draw(st.integers(-20_000, 120_000))
    step = draw(st.sampled_from([1, 500, 15_000, 40_000]))
    return start, step, draw(st.integers(1, 6)), draw(st.sampled_from([1, 14_999, 15_000, 15_001, 60_000, 300_000]))


def run(
    body: Callable[..., Any], data: list[Samples], grid: tuple[int, int, int, int], *extra: object
) -> tuple[Matrix, NDArray[np.bool_]]:
    """The result of a kernel body, its inputs read-only as they may come from a store."""
    start, step, points, width = grid
    columns = SeriesColumns.of(
        [(Labels.of(n=str(n)), [t for t, _ in one], [v for _, v in one]) for n, one in enumerate(data)]
    )
    columns.times.flags.writeable = columns.values.flags.writeable = False
    out = np.full((len(data), points), 7.0)
    present = np.ones((len(data), points), np.bool_)
    with np.errstate(all="ignore"):
        body(columns.offsets, columns.times, columns.values, start, step, width, *extra, out, present)
    return out, present


def check(
    bodies: list[Callable[..., Any]],
    data: list[Samples],
    grid: tuple[int, int, int, int],
    extra: tuple[object, ...],
    expected: Callable[[Samples, int, int], float | None],
) -> None:
    """Every body gives what the oracle says at every instant."""
    start, step, points, width = grid
    wanted = [[expected(one, start + k * step, width) for k in range(points)] for one in data]
    there = np.array([[one is not None for one in row] for row in wanted], np.bool_).reshape(len(data), points)
    numbers = np.array([[one or 0.0 for one in row] for row in wanted]).reshape(len(data), points)
    for body in bodies:
        out, present = run(body, data, grid, *extra)
        np.testing.assert_array_equal(present, there)
        np.testing.assert_allclose(out, numbers, rtol=1e-9, atol=1e-6, equal_nan=True)


@FEW
@given(data=series(st.one_of(ANY, st.just(float(STALE)))), grid=grids())
def test_last_is_the_newest_sample_unless_it_is_stale(
    bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """An instant selector sees the newest sample of its window, and nothing behind a stale marker."""

    def is_stale(value: float) -> bool:
        return bool(stale_mask(np.array([value]))[0])

    check(bodies(window.last), data, grid, (), lambda one, at, width: oracle.last(one, at, width, is_stale))


@pytest.mark.parametrize(("counter", "per_second"), [(True, True), (True, False), (False, False)])
@FEW
@given(data=series(st.one_of(COUNTER, FINITE)), grid=grids())
def test_rates_are_extrapolated_change(
    bodies: Bodies, *, counter: bool, per_second: bool, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """rate, increase and delta agree with the plain twin, resets and edges included."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        return oracle.rate(one, at, width, counter=counter, per_second=per_second)

    check(bodies(window.rate), data, grid, (counter, per_second), expected)


@pytest.mark.parametrize("counter", [True, False])
@FEW
@given(data=series(ANY), grid=grids())
def test_rates_survive_any_value(
    bodies: Bodies, *, counter: bool, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """NaN and infinities spoil the windows that hold them and no others."""
    tame = [[(time, value if np.isfinite(value) else 1.0) for time, value in one] for one in data]
    start, step, points, width = grid
    for body in bodies(window.rate):
        out, present = run(body, data, grid, counter, counter)
        plain, there = run(body, tame, grid, counter, counter)
        np.testing.assert_array_equal(present, there)
        for row, one in enumerate(data):
            for k in range(points):
                seen = oracle.window(one, start + k * step, width)
                if all(np.isfinite(value) for _, value in seen):
                    assert out[row, k] == pytest.approx(plain[row, k], rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("counter", [True, False])
@FEW
@given(data=series(ANY), grid=grids())
def test_instant_rates_take_the_last_two_samples(
    bodies: Bodies, *, counter: bool, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """Whatever else is in the window, irate and idelta look at two samples only."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        return oracle.instant_rate(one, at, width, counter=counter)

    check(bodies(window.instant_rate), data, grid, (counter,), expected)


@pytest.mark.parametrize(
    "name", ["SUM", "AVG", "MIN", "MAX", "COUNT", "LAST", "PRESENT", "FIRST", "CHANGES", "RESETS", "MAD"]
)
@FEW
@given(data=series(st.one_of(ANY, LIKE)), grid=grids())
def test_functions_over_time_agree_with_the_exact_result(
    bodies: Bodies, name: str, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """Sums are as good as rounded once, means never overflow, NaN is passed over by min and max alone."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        found = oracle.values(oracle.window(one, at, width))
        return oracle.OVER_TIME[name](found) if found else None

    check(bodies(over_time.over_time), data, grid, (getattr(over_time, name),), expected)


@pytest.mark.parametrize("name", ["STDDEV", "STDVAR"])
@FEW
@given(data=series(st.one_of(COUNTER, st.sampled_from([np.nan, np.inf, 1e6, 1e6 + 1]))), grid=grids())
def test_deviations_agree_with_the_exact_result(
    bodies: Bodies, name: str, data: list[Samples], grid: tuple[int, int, int, int]
) -> None:
    """A deviation that is small beside the values is not lost in rounding."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        found = oracle.values(oracle.window(one, at, width))
        return oracle.OVER_TIME[name](found) if found else None

    check(bodies(over_time.over_time), data, grid, (getattr(over_time, name),), expected)


EVEN = st.tuples(
    st.integers(-30_000, 30_000),
    st.sampled_from([5_000, 10_000, 20_000, 30_000]),
    st.just(14),
    st.sampled_from([1, 5, 9]),
)


@pytest.mark.parametrize("name", ["SUM", "AVG", "MIN", "MAX", "CHANGES", "RESETS", "STDDEV", "MIN_TIME", "MAX_TIME"])
@FEW
@given(
    values=st.lists(st.one_of(COUNTER, ANY), max_size=40), missing=st.sets(st.integers(0, 40), max_size=2), even=EVEN
)
def test_windows_that_slide_evenly_are_as_good_as_one_alone(
    bodies: Bodies, name: str, values: list[float], missing: set[int], even: tuple[int, int, int, int]
) -> None:
    """What windows share makes no difference: each gives, to the last bit, what it gives when it is the only one."""
    start, step, points, samples = even
    data = [[(10_000 * at, value) for at, value in enumerate(values) if at not in missing]]
    width, function = 10_000 * samples, getattr(over_time, name)
    _, *loops = bodies(over_time.over_time)
    for body in loops:
        out, present = run(body, data, (start, step, points, width), function)
        for k in range(points):
            one, there = run(body, data, (start + k * step, 1, 1, width), function)
            assert present[0, k] == there[0, 0]
            np.testing.assert_array_equal(out[:, k : k + 1], one)


@FEW
@given(
    data=series(ANY), grid=grids(), q=st.one_of(st.floats(-0.5, 1.5), st.just(np.nan), st.sampled_from([0.0, 0.5, 1.0]))
)
def test_quantiles_interpolate(bodies: Bodies, data: list[Samples], grid: tuple[int, int, int, int], q: float) -> None:
    """A quantile lies between its neighbours; outside of 0 to 1 it is infinite."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        found = oracle.values(oracle.window(one, at, width))
        return oracle.quantile(q, found) if found else None

    check(bodies(over_time.quantile_over_time), data, grid, (np.full(grid[2], q),), expected)


@pytest.mark.parametrize("name", ["FIRST_TIME", "LAST_TIME", "MIN_TIME", "MAX_TIME"])
@FEW
@given(data=series(st.one_of(COUNTER, ANY)), grid=grids())
def test_times_of_samples(bodies: Bodies, name: str, data: list[Samples], grid: tuple[int, int, int, int]) -> None:
    """When the first, last, least or greatest sample of a window is; NaN is neither least nor greatest unless all are."""

    def expected(one: Samples, at: int, width: int) -> float | None:
        found = oracle.window(one, at, width)
        return oracle.time_of(name, found) if found else None

    check(bodies(over_time.over_time), data, grid, (getattr(over_time, name),), expected)


def test_the_stale_marker_is_the_one_that_is_stored() -> None:
    """Kernels and sample columns mean the same NaN."""
    assert int(window._STALE) == STALE_BITS


def test_windows_are_open_on_the_left(bodies: Bodies) -> None:
    """A sample exactly one width ago is outside, one at the instant is inside."""
    for body in bodies(over_time.over_time):
        out, _ = run(body, [[(0, 1.0), (1, 2.0), (60_000, 4.0)]], (60_000, 1, 1, 60_000), over_time.SUM)
        assert out.tolist() == [[6.0]]


def test_sums_are_compensated(bodies: Bodies) -> None:
    """What a large value swallows comes back when it leaves."""
    _, loop, *machine = bodies(over_time.over_time)
    data: list[Samples] = [[(1, 1.0), (2, 1e100), (3, 1.0), (4, -1e100)]]
    for body in (loop, *machine):
        out, _ = run(body, data, (10, 1, 1, 100), over_time.SUM)
        assert out.tolist() == [[2.0]]
