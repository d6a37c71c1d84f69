import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies
from tests.oracles.native_histogram import Native, columns

from sightline.domain.kernels.faults import faults
from sightline.domain.metrics.native_histograms import Histograms

_NUMBERS = st.sampled_from([0.0, 1.0, 2.5, -1.0, math.nan, math.inf, 2.0**60])
_BUCKETS = st.dictionaries(st.integers(-2, 3), _NUMBERS, max_size=3)
_ANY = st.builds(
    Native,
    schema=st.sampled_from([-53, -5, -4, 0, 8, 9]),
    count=st.sampled_from([0.0, 3.0, 100.0, math.nan, -1.0]),
    zero_threshold=st.sampled_from([0.0, 0.5, -1.0, math.nan]),
    zero_count=st.sampled_from([0.0, 1.0, -1.0]),
    positive=_BUCKETS,
    negative=_BUCKETS,
    custom=st.lists(_NUMBERS, max_size=3).map(tuple),
)


@given(st.lists(_ANY, max_size=5))
def test_all_bodies_find_the_same_faults(bodies: Bodies, given: list[Native]) -> None:
    """Machine code, its loop and its twin agree, whatever is wrong."""
    found = [_found(body, columns(given)) for body in bodies(faults)]
    assert all(one == found[0] for one in found)


def _found(body: Callable[..., Any], given: Histograms) -> list[int]:
    out = np.full(len(given), 99, np.uint8)
    sides = [column for side in (given.positive, given.negative) for column in (side.offsets, side.index, side.counts)]
    body(
        given.schema,
        given.zero_threshold,
        given.zero_count,
        given.count,
        *sides,
        given.custom_offsets,
        given.custom,
        out,
    )
    numbers: list[int] = out.tolist()
    return numbers
