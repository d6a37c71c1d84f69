"""What is wrong with native histograms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import NATIVES, Native, columns

from sightline.domain.metrics.histogram_faults import SAID, Fault, faults
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Buckets, Histograms

NAN, INF = math.nan, math.inf


def fault(one: Native) -> Fault:
    """What is wrong with one."""
    return Fault(int(faults(columns([one]))[0]))


@given(st.lists(NATIVES, max_size=6))
def test_histograms_that_agree_with_themselves_have_no_fault(given: list[Native]) -> None:
    """Exponential ones and those with custom bounds alike."""
    assert faults(columns(given)).tolist() == [Fault.NONE] * len(given)


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (Native(schema=9), Fault.SCHEMA),
        (Native(schema=-5), Fault.SCHEMA),
        (Native(schema=-52), Fault.SCHEMA),
        (Native(count=-1), Fault.COUNT),
        (Native(count=NAN), Fault.COUNT),
        (Native(count=INF), Fault.COUNT),
        (Native(count=1, zero_count=-1), Fault.COUNT),
        (Native(zero_threshold=-1), Fault.ZERO_THRESHOLD),
        (Native(zero_threshold=NAN), Fault.ZERO_THRESHOLD),
        (Native(count=3, positive={0: -1.0}), Fault.BUCKET),
        (Native(count=3, positive={0: NAN}), Fault.BUCKET),
        (Native(count=3, negative={4: INF}), Fault.BUCKET),
        (Native(count=3, positive={0: 2.0}, negative={1: 2.0}), Fault.SUM),
        (Native(count=3, positive={0: 2.0}, zero_count=2), Fault.SUM),
        (Native(count=4, positive={0: 2.0}, zero_count=2), Fault.NONE),
        (Native(count=5, positive={0: 2.0}, zero_count=2, sum=NAN), Fault.NONE),
        (Native(count=0.3, positive={0: 0.1, 1: 0.2, 2: 1e-17}), Fault.NONE),
        (Native(custom=(1.0,)), Fault.CUSTOM),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0,), zero_count=1, count=1), Fault.CUSTOM),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0,), zero_threshold=0.1), Fault.CUSTOM),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0,), negative={0: 1.0}, count=1), Fault.CUSTOM),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0, 1.0)), Fault.BOUNDS),
        (Native(schema=CUSTOM_SCHEMA, custom=(2.0, 1.0)), Fault.BOUNDS),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0, INF)), Fault.BOUNDS),
        (Native(schema=CUSTOM_SCHEMA, custom=(NAN,)), Fault.BOUNDS),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0,), positive={2: 1.0}, count=1), Fault.BOUNDS),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0,), positive={-1: 1.0}, count=1), Fault.BOUNDS),
        (Native(schema=CUSTOM_SCHEMA, custom=(1.0,), positive={0: 1.0, 1: 1.0}, count=2), Fault.NONE),
    ],
)
def test_each_fault_is_found(one: Native, wanted: Fault) -> None:
    """Each rule that a histogram can break is told by name, and has words."""
    assert fault(one) is wanted
    assert wanted is Fault.NONE or SAID[wanted]


@pytest.mark.parametrize("index", [[1, 0], [1, 1]])
def test_buckets_ascend(index: list[int]) -> None:
    """Buckets that stand in another order, or twice, are a fault, whichever side they are on."""
    given = columns([Native(count=9, positive={0: 1.0, 1: 1.0}, negative={0: 1.0, 1: 1.0})])
    for side in ("positive", "negative"):
        own = getattr(given, side)
        other = {side: Buckets(own.offsets, np.array(index, np.int32), own.counts)}
        assert faults(Histograms(**{name: getattr(given, name) for name in given.__slots__} | other)) == [Fault.ORDER]
