"""Sums of native histograms, resets and buckets, held against the slow twins."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import native_arithmetic as oracle
from tests.oracles.native_histogram import NATIVES, Native, columns, natives

from sightline.domain.kernels import buckets
from sightline.domain.kernels.compiled import Kernel
from sightline.domain.metrics.histogram_buckets import ranges
from sightline.domain.metrics.histogram_resets import are_same, were_reset
from sightline.domain.metrics.histogram_sums import divided, scaled, sums
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, ResetHint

GROUPS = st.lists(
    st.lists(st.tuples(NATIVES, st.sampled_from([1.0, -1.0])), min_size=1, max_size=4), min_size=1, max_size=4
)


def close(found: Native, wanted: Native) -> bool:
    """Whether two histograms agree but for rounding."""
    same = (found.schema, found.zero_threshold, found.custom, found.reset) == (
        wanted.schema,
        wanted.zero_threshold,
        wanted.custom,
        wanted.reset,
    )
    return same and all(
        a == pytest.approx(b, rel=1e-9, abs=1e-3)
        for a, b in (
            (found.count, wanted.count),
            (found.sum, wanted.sum),
            (found.zero_count, wanted.zero_count),
            (dict(found.positive), dict(wanted.positive)),
            (dict(found.negative), dict(wanted.negative)),
        )
    )


@pytest.fixture(params=["loop", "twin"])
def either(request: pytest.FixtureRequest) -> Iterator[None]:
    """The kernel's loop, as Python runs it, and its twin."""
    kernels: list[Kernel[..., Any]] = [buckets.add_buckets, buckets.add_numbers]
    for one in kernels:
        one.use(one.loop if request.param == "loop" else one.twin)
    yield
    for one in kernels:
        one.use(one.twin)


@pytest.mark.usefixtures("either")
@given(groups=GROUPS)
def test_sums(groups: list[list[tuple[Native, float]]]) -> None:
    """Any histograms are added and subtracted as bucket by bucket, whatever buckets they have."""
    pool = columns([one for group in groups for one, _ in group])
    offsets = np.cumsum([0, *map(len, groups)])
    weights = np.array([weight for group in groups for _, weight in group])
    found = sums(pool, np.arange(len(pool)), offsets, weights)
    for group, one, is_mixed, is_reconciled in zip(
        groups, natives(found.histograms), found.is_mixed, found.is_reconciled, strict=True
    ):
        schemas = {each.schema for each, _ in group}
        assert is_mixed == (CUSTOM_SCHEMA in schemas and len(schemas) > 1)
        if not is_mixed:
            assert close(one, oracle.total(group)), oracle.total(group)
            assert is_reconciled == (len({each.custom for each, _ in group}) > 1)


@given(NATIVES, st.floats(-100, 100))
def test_products(one: Native, factor: float) -> None:
    """A histogram times a number, and by it, is each of its counts so; less than zero of it is a gauge."""
    assert close(natives(scaled(columns([one]), np.array([factor])))[0], oracle.times(one, factor))
    if abs(factor) > 0.01:
        assert close(natives(divided(columns([one]), np.array([factor])))[0], oracle.times(one, 1 / factor))


def test_by_zero() -> None:
    """Nothing is left of the buckets of a histogram by zero."""
    with np.errstate(all="ignore"):
        found = natives(divided(columns([Native(count=2, sum=1, positive={1: 2})]), np.zeros(1)))[0]
    assert (found.count, found.positive) == (math.inf, {})


@given(st.lists(NATIVES, min_size=2, max_size=5))
def test_resets(series: list[Native]) -> None:
    """A histogram counts anew when the rules, gone through one by one, say so."""
    before = np.arange(len(series) - 1)
    found = were_reset(columns(series), before, before + 1)
    assert found.tolist() == [oracle.was_reset(a, b) for a, b in pairwise(series)]


@given(NATIVES, NATIVES)
def test_a_counter_that_goes_on_is_not_reset(one: Native, more: Native) -> None:
    """What was added to is no reset, unless its layout became finer than before."""
    if (one.schema == CUSTOM_SCHEMA) != (more.schema == CUSTOM_SCHEMA):
        return
    later = oracle.total([(one, 1.0), (more, 1.0)])
    later = replace(later, reset=ResetHint.UNKNOWN)
    assert were_reset(columns([one, later]), np.array([0]), np.array([1])).tolist() == [False]


@given(st.lists(st.tuples(NATIVES, NATIVES), max_size=4))
def test_sameness(pairs: list[tuple[Native, Native]]) -> None:
    """Histograms are the same when all their parts are."""

    def apart(one: Native) -> Native:
        return replace(one, reset=ResetHint.UNKNOWN)

    first, second = columns([one for one, _ in pairs]), columns([other for _, other in pairs])
    assert are_same(first, second).tolist() == [apart(one) == apart(other) for one, other in pairs]
    assert are_same(first, first).all()


@given(st.lists(NATIVES, max_size=4))
def test_ranges(every: list[Native]) -> None:
    """Buckets come from the lowest to the highest, with the bounds that the specification gives them."""
    found = ranges(columns(every))
    for one, first, after in zip(every, found.offsets[:-1], found.offsets[1:], strict=True):
        its = slice(first, after)
        rows = zip(found.lower[its], found.upper[its], found.counts[its], strict=True)
        wanted = oracle.buckets(one)
        flat = [number for each in wanted for number in (each.lower, each.upper, each.count)]
        assert [float(number) for row in rows for number in row] == pytest.approx(flat, rel=1e-14)


def test_farthest_buckets() -> None:
    """The last bucket of finite numbers ends at the greatest of them, the one behind it at infinity; far ones do no harm."""
    greatest = math.ldexp(math.nextafter(1.0, 0.0), 1024)
    one = Native(count=4, positive={-(2**31): 1, 1024: 1, 1025: 1, 2**31 - 1: 1})
    found = ranges(columns([one]))
    assert found.upper.tolist() == [0.0, greatest, math.inf, math.inf]
    fine = ranges(columns([Native(schema=3, positive={8192: 1, 8193: 1}), Native(schema=-4, positive={64: 1, 65: 1})]))
    assert fine.upper.tolist() == [greatest, math.inf] * 2


def test_buckets_far_apart() -> None:
    """Buckets from one end of numbering to the other are added up all the same."""
    one = Native(count=2, positive={-(2**31) + 1: 1.0, 2**31 - 1: 1.0})
    total = natives(sums(columns([one, one]), np.arange(2), np.array([0, 2]), np.ones(2)).histograms)[0]
    assert total.positive == {-(2**31) + 1: 2.0, 2**31 - 1: 2.0}
