"""Native histograms without what lies above or below a value."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.oracles import native_arithmetic as oracle
from tests.oracles.native_histogram import EXPONENTIAL, NATIVES, Native, columns, natives

from sightline.domain.metrics.histogram_trims import trimmed


def trim(one: Native, limit: float, *, upper: bool) -> Native:
    """One histogram trimmed."""
    with np.errstate(all="ignore"):
        return natives(trimmed(columns([one]), np.array([limit]), upper=upper))[0]


@given(EXPONENTIAL, st.floats(-5000, 5000))
def test_what_is_below_and_what_is_above_is_all(one: Native, limit: float) -> None:
    """Of exponential buckets each observation is on one side of a limit, and as many are below as the share says."""
    assume(one.count > 0 and limit != 0)
    if any(its.lower >= its.upper for its in oracle.buckets(one)):  # within the zero bucket
        one = replace(one, zero_threshold=0.0)
    below, above = trim(one, limit, upper=True), trim(one, limit, upper=False)
    assert below.count + above.count == pytest.approx(one.count)
    assert below.count == pytest.approx(oracle.fraction(-np.inf, limit, one) * one.count, rel=1e-9, abs=1e-9)
    for left in (below, above):
        assert (left.schema, left.zero_threshold, left.reset) == (one.schema, one.zero_threshold, one.reset)
        assert left.positive.keys() <= one.positive.keys()
        assert left.negative.keys() <= one.negative.keys()


@given(NATIVES, st.booleans())
def test_without_bounds_nothing_or_all_is_taken(one: Native, upper: bool) -> None:  # noqa: FBT001 - drawn
    """A limit beyond all observations changes nothing, not even the sum; one on the other side leaves nothing."""
    far = np.inf if upper else -np.inf
    assert trim(one, far, upper=upper) == one
    left = trim(one, -far, upper=upper)
    assert (left.positive, left.negative, left.zero_count) == ({}, {}, 0)
    assert (left.count, left.sum) in [(0, 0), (one.count, one.sum)]  # all was nothing where there was no bucket
    assert left.custom == one.custom
