"""Native histograms one at a time: plain objects, to and from the columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from sightline.domain.metrics.native_histograms import (
    CUSTOM_SCHEMA,
    MARK,
    NO_HISTOGRAMS,
    Buckets,
    Histograms,
    ResetHint,
    Values,
    mark_mask,
)


@dataclass(frozen=True)
class Native:
    """One histogram; buckets by index, none of them empty."""

    schema: int = 0
    count: float = 0.0
    sum: float = 0.0
    zero_threshold: float = 0.0
    zero_count: float = 0.0
    positive: Mapping[int, float] = field(default_factory=dict)
    negative: Mapping[int, float] = field(default_factory=dict)
    custom: tuple[float, ...] = ()
    reset: ResetHint = ResetHint.UNKNOWN


def columns(natives: Iterable[Native]) -> Histograms:
    """The columns of histograms."""
    rows = list(natives)
    return Histograms(
        np.array([one.schema for one in rows], np.int8),
        np.array([one.reset for one in rows], np.uint8),
        np.array([one.zero_threshold for one in rows], np.float64),
        np.array([one.zero_count for one in rows], np.float64),
        np.array([one.count for one in rows], np.float64),
        np.array([one.sum for one in rows], np.float64),
        _buckets([one.positive for one in rows]),
        _buckets([one.negative for one in rows]),
        np.cumsum([0, *(len(one.custom) for one in rows)]).astype(np.int64),
        np.array([bound for one in rows for bound in one.custom], np.float64),
    )


def natives(found: Histograms) -> list[Native]:
    """The histograms of columns."""
    return [
        Native(
            int(found.schema[row]),
            float(found.count[row]),
            float(found.sum[row]),
            float(found.zero_threshold[row]),
            float(found.zero_count[row]),
            _of_row(found.positive, row),
            _of_row(found.negative, row),
            tuple(found.custom[found.custom_offsets[row] : found.custom_offsets[row + 1]].tolist()),
            ResetHint(int(found.reset[row])),
        )
        for row in range(len(found))
    ]


Value = float | Native
"""A sample's: a number or a histogram."""


def marked(values: Sequence[Value]) -> tuple[Values, Histograms]:
    """The values of samples, marks where they are histograms, and these."""
    found = [one for one in values if isinstance(one, Native)]
    numbers = [MARK if isinstance(one, Native) else one for one in values]
    return np.array(numbers, np.float64), columns(found) if found else NO_HISTOGRAMS


def told(values: Values, histograms: Histograms) -> list[Value]:
    """What samples hold; there is a histogram for each mark."""
    rows, found = np.flatnonzero(mark_mask(values)).tolist(), list[Value](values.tolist())
    for row, one in zip(rows, natives(histograms), strict=True):
        found[row] = one
    return found


def exact(value: Value) -> bytes | Native:
    """What of a value is compared, so that NaNs are alike when their bits are."""
    return value if isinstance(value, Native) else np.float64(value).tobytes()


def numbered(number: int) -> Value:
    """A value that no other number has; every third is a histogram, and of these no two have buckets alike."""
    if number % 3:
        return float(number)
    negative = {1: float(number)} if number % 2 else {}
    return Native(schema=number % 9, count=3.0 + number, positive={number % 5: 1.0, 7: 2.0}, negative=negative)


def _buckets(rows: list[Mapping[int, float]]) -> Buckets:
    return Buckets(
        np.cumsum([0, *map(len, rows)]).astype(np.int64),
        np.array([index for row in rows for index in sorted(row)], np.int32),
        np.array([row[index] for row in rows for index in sorted(row)], np.float64),
    )


def _of_row(buckets: Buckets, row: int) -> dict[int, float]:
    within = slice(buckets.offsets[row], buckets.offsets[row + 1])
    return dict(zip(buckets.index[within].tolist(), buckets.counts[within].tolist(), strict=True))


_COUNTS = st.integers(1, 1000).map(float)
_SUMS = st.floats(-1e9, 1e9)


@st.composite
def _exponential(draw: st.DrawFn) -> Native:
    positive, negative = (draw(st.dictionaries(st.integers(-12, 12), _COUNTS, max_size=6)) for _ in range(2))
    zero = float(draw(st.integers(0, 100)))
    return Native(
        schema=draw(st.integers(-4, 8)),
        count=zero + sum(positive.values()) + sum(negative.values()),
        sum=draw(_SUMS),
        zero_threshold=draw(st.sampled_from([0.0, 1e-128, 0.001, 0.5])),
        zero_count=zero,
        positive=positive,
        negative=negative,
        reset=draw(st.sampled_from(ResetHint)),
    )


@st.composite
def _custom(draw: st.DrawFn) -> Native:
    bounds = tuple(sorted(draw(st.sets(st.integers(-50, 50).map(float), max_size=6))))
    positive = draw(st.dictionaries(st.integers(0, len(bounds)), _COUNTS))
    return Native(
        schema=CUSTOM_SCHEMA,
        count=sum(positive.values()),
        sum=draw(_SUMS),
        positive=positive,
        custom=bounds,
        reset=draw(st.sampled_from(ResetHint)),
    )


EXPONENTIAL: st.SearchStrategy[Native] = _exponential()
"""Histograms that agree with themselves, whose buckets grow by a factor."""

NATIVES: st.SearchStrategy[Native] = st.one_of(EXPONENTIAL, _custom())
"""Histograms that agree with themselves."""
