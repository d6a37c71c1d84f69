import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.domain.kernels.conftest import Bodies
from tests.oracles import groups as oracle

from sightline.domain.kernels import reduce

FEW = settings(max_examples=settings().max_examples // 2)  # each runs every body on whole matrices
VALUES = st.one_of(st.integers(-20, 20).map(float), st.floats(-1e9, 1e9), st.sampled_from([np.nan, np.inf, -np.inf]))
CELLS = st.lists(st.lists(st.one_of(st.none(), VALUES), min_size=3, max_size=3), max_size=8)


def fold(
    body: Callable[..., Any],
    name: str,
    values: NDArray[np.float64],
    present: NDArray[np.bool_],
    group: list[int],
    cut: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What a body makes of rows in four groups, cut into two blocks, and instants, of which two are taken together."""
    function, groups = getattr(reduce, name), np.array(group, np.int64)
    state = reduce.state(function, 4, values.shape[1])
    with np.errstate(all="ignore"):
        for rows in (slice(0, cut), slice(cut, None)):
            for first, after in ((2, values.shape[1]), (0, 2)):
                body(values[rows], present[rows], groups[rows], function, first, after, state)
    return reduce.finished(function, state)


def check(bodies: Bodies, name: str, cells: list[list[float | None]], group: list[int], tolerance: float) -> None:
    """Every body of the kernel folds the cells of each group as the oracle does; None is absent."""
    values = np.array([[0.5 if one is None else one for one in row] for row in cells], np.float64).reshape(
        len(cells), 3
    )
    present = np.array([[one is not None for one in row] for row in cells], np.bool_).reshape(len(cells), 3)
    there, wanted = np.zeros((4, 3), np.bool_), np.zeros((4, 3))
    for g, k in itertools.product(range(4), range(3)):
        numbers = [one for row, own in zip(cells, group, strict=True) if own == g and (one := row[k]) is not None]
        if numbers:
            there[g, k], wanted[g, k] = True, oracle.FOLDS[name](numbers)
    for body, cut in itertools.product(bodies(reduce.accumulate), {0, len(cells) // 2}):
        out, found = fold(body, name, values, present, group, cut)
        np.testing.assert_array_equal(found, there)
        np.testing.assert_allclose(out, wanted, rtol=1e-9, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize("name", ["SUM", "AVG", "MIN", "MAX", "COUNT", "ONE"])
@FEW
@given(cells=CELLS, data=st.data())
def test_folds_agree_with_the_exact_result(
    bodies: Bodies, name: str, cells: list[list[float | None]], data: st.DataObject
) -> None:
    """Groups, gaps, NaN and infinities are folded as plain Python folds them."""
    group = data.draw(st.lists(st.integers(0, 3), min_size=len(cells), max_size=len(cells)))
    check(bodies, name, cells, group, 1e-6)


@pytest.mark.parametrize("name", ["STDDEV", "STDVAR"])
@FEW
@given(numbers=st.lists(st.one_of(st.none(), st.integers(0, 9), st.just(1_000_000)), max_size=8))
def test_deviations_agree_with_the_exact_result(bodies: Bodies, name: str, numbers: list[int | None]) -> None:
    """The spread of a group is that of its values at the instant."""
    cells: list[list[float | None]] = [[None if one is None else float(one), 1.0, None] for one in numbers]
    check(bodies, name, cells, [0] * len(cells), 1e-6)


def test_a_mean_does_not_overflow(bodies: Bodies) -> None:
    """The mean of values whose sum is too large for a float64 is still their mean."""
    check(bodies, "AVG", [[1.5e308, 1.5e308, -1.5e308]] * 3, [0, 0, 0], 0)


@pytest.mark.parametrize("name", ["SUM", "AVG", "MIN", "MAX", "COUNT", "STDDEV", "STDVAR", "ONE"])
@FEW
@given(
    cells=st.lists(st.lists(st.one_of(VALUES, st.just(1e308)), min_size=3, max_size=3), min_size=2, max_size=9),
    data=st.data(),
)
def test_how_rows_are_cut_makes_no_difference(
    bodies: Bodies, name: str, cells: list[list[float]], data: st.DataObject
) -> None:
    """Taken in at once or block by block, rows give the same to the last bit."""
    group = data.draw(st.lists(st.integers(0, 3), min_size=len(cells), max_size=len(cells)))
    present = np.array(data.draw(st.lists(st.booleans(), min_size=3 * len(cells), max_size=3 * len(cells))))
    values, present = np.array(cells), present.reshape(len(cells), 3)
    _, *loops = bodies(reduce.accumulate)
    for body in loops:
        whole = fold(body, name, values, present, group, 0)
        parts = fold(body, name, values, present, group, data.draw(st.integers(1, len(cells))))
        np.testing.assert_array_equal(whole[1], parts[1])
        np.testing.assert_array_equal(whole[0], parts[0])
