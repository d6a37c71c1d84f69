"""Quantiles and shares of native histograms, held against a walk through the buckets."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import native_arithmetic as oracle
from tests.oracles.native_histogram import NATIVES, Native, columns

from sightline.domain.promql import native_functions
from sightline.domain.promql.native_functions import OF_HISTOGRAM, fractions, quantiles

SHARES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0, -1.0, 2.0, math.nan]))
LIMITS = st.one_of(st.floats(-2000, 2000), st.sampled_from([-math.inf, 0.0, 1.0, 4.0, math.inf, math.nan]))


@given(st.lists(st.tuples(NATIVES, SHARES), min_size=1, max_size=5))
def test_quantiles(asked: list[tuple[Native, float]]) -> None:
    """A quantile lies where so many observations are below it, evenly spread on the scale of its bucket."""
    with np.errstate(all="ignore"):
        found = quantiles(np.array([q for _, q in asked]), columns([one for one, _ in asked]))
    wanted = [oracle.quantile(q, one) for one, q in asked]
    assert found.tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True)


@given(st.lists(st.tuples(NATIVES, LIMITS, LIMITS), min_size=1, max_size=5))
def test_fractions(asked: list[tuple[Native, float, float]]) -> None:
    """The share between two values is that of the buckets between them, and of parts of the two that they lie in."""
    lower, upper = np.array([low for _, low, _ in asked]), np.array([high for _, _, high in asked])
    with np.errstate(all="ignore"):
        found = fractions(lower, upper, columns([one for one, _, _ in asked]))
    wanted = [oracle.fraction(low, high, one) for one, low, high in asked]
    assert found.tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True)


def test_many_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are looked at together, each has its own answer."""
    every = [Native(count=n, sum=1.0, positive={n % 7: float(n)}) for n in range(1, 50)]
    whole = quantiles(np.full(49, 0.5), columns(every))
    monkeypatch.setattr(native_functions, "_TOGETHER", 4)
    assert quantiles(np.full(49, 0.5), columns(every)).tolist() == whole.tolist()


def test_the_spread_of_custom_buckets() -> None:
    """Within custom buckets observations lie in the middle between the bounds."""
    one = Native(schema=-53, count=4, sum=30, custom=(5.0, 10.0, 15.0), positive={1: 2.0, 2: 2.0})
    with np.errstate(all="ignore"):
        assert OF_HISTOGRAM["histogram_stdvar"](columns([one])).tolist() == [12.5]
