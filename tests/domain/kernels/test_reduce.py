import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies
from tests.oracles import groups as oracle

from sightline.domain.kernels import reduce

FEW = settings(max_examples=20)  # each runs every body on whole matrices
VALUES = st.one_of(st.integers(-20, 20).map(float), st.floats(-1e9, 1e9), st.sampled_from([np.nan, np.inf, -np.inf]))
CELLS = st.lists(st.lists(st.one_of(st.none(), VALUES), min_size=3, max_size=3), max_size=8)


def check(bodies: Bodies, name: str, cells: list[list[float | None]], group: list[int], tolerance: float) -> None:
    """Every body of the kernel folds the cells of each group as the oracle does; None is absent."""
    values = np.array([[0.5 if one is None else one for one in row] for row in cells], np.float64).reshape(
        len(cells), 3
    )
    present = np.array([[one is not None for one in row] for row in cells], np.bool_).reshape(len(cells), 3)
    for body in bodies(reduce.fold):
        out = np.full((4, 3), 7.0)
        found = np.ones((4, 3), np.bool_)
        with np.errstate(all="ignore"):
            body(values, present, np.array(group, np.int64), getattr(reduce, name), out, found)
        for g in range(4):
            for k in range(3):
                there = [row[k] for row, own in zip(cells, group, strict=True) if own == g]
                numbers = [one for one in there if one is not None]
                assert found[g, k] == bool(numbers)
                wanted = oracle.FOLDS[name](numbers) if numbers else 0.0
                np.testing.assert_allclose(out[g, k], wanted, rtol=1e-9, atol=tolerance, equal_nan=True)


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
