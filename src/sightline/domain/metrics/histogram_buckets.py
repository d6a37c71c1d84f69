"""The buckets of native histograms with their bounds, from the lowest to the highest.

Source: https://prometheus.io/docs/specs/native_histograms/#buckets.
"""

import math
from enum import IntEnum
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, GREATEST_SCHEMA, Buckets, Histograms

Values = NDArray[np.float64]
Rows = NDArray[np.int64]

# Beyond these a power of two is infinite, or zero; what comes in may name any int32.
_FARTHEST: Final = 4096
# Every client and server computes bounds from this square root, which is the lower neighbour of the best one.
_ROOT: Final = 1.414213562373095
_BEYOND: Final = 1025  # the exponent above the greatest float's


class Kind(IntEnum):
    """What observations a bucket holds, which says which of its bounds it includes."""

    POSITIVE = 0
    NEGATIVE = 1
    ZERO = 3


class Ranges(NamedTuple):
    """b buckets of h histograms, each histogram's in ascending order; such as hold nothing are left out.

    offsets: int64 (h + 1,). lower, upper, counts: float64 (b,). kind: uint8 (b,), a Kind.
    """

    offsets: Rows
    lower: Values
    upper: Values
    counts: Values
    kind: NDArray[np.uint8]


@np.errstate(over="ignore", under="ignore")
def upper_bounds(schema: NDArray[np.int8], index: Rows) -> Values:
    """Of exponential buckets the bound away from zero, float64 as the inputs; the last finite one is the greatest float."""
    coarse, fine = np.maximum(-schema.astype(np.int64), 0), np.maximum(schema.astype(np.int64), 0)
    at = index.astype(np.int64) << coarse
    parts = _fractions()[(at & ((1 << fine) - 1)) << (GREATEST_SCHEMA - fine)]
    exponent = np.clip((at >> fine) + 1, -_FARTHEST, _FARTHEST).astype(np.int32)
    found: Values = np.ldexp(parts, exponent)
    found[(parts == 0.5) & (exponent == _BEYOND)] = np.finfo(np.float64).max  # noqa: PLR2004 - the fraction of a power of two
    return found


@cache
def _fractions() -> Values:
    """2^(i / 2^8 - 1) for i < 2^8, to the bit as Prometheus and its clients have them, who multiply as is done here."""
    table = np.array([0.5])
    for schema in range(1, GREATEST_SCHEMA + 1):
        finer = np.repeat(table, 2)
        finer[1::2] *= _ROOT if schema == 1 else math.exp2(2.0**-schema)
        table = finer
    return table


def ranges(histograms: Histograms) -> Ranges:
    """All buckets, the zero bucket among them; none reaches into it."""
    positive, negative = histograms.positive, histograms.negative
    of_positive, of_negative = np.diff(positive.offsets), np.diff(negative.offsets)
    of_zero = (histograms.zero_count > 0).astype(np.int64)
    offsets = np.append(0, np.cumsum(of_negative + of_zero + of_positive)).astype(np.int64)
    lower, upper, counts = (np.empty(int(offsets[-1])) for _ in range(3))
    kind = np.empty(len(lower), np.uint8)

    # Negative buckets run downwards.
    owner = np.repeat(np.arange(len(histograms)), of_negative)
    place = spans(offsets[:-1], of_negative)
    source = negative.offsets[1:][owner] - 1 - (place - offsets[:-1][owner])
    near, far = _bounds(histograms, owner, negative.index[source].astype(np.int64))
    lower[place], upper[place], counts[place], kind[place] = -far, -near, negative.counts[source], Kind.NEGATIVE

    rows = np.flatnonzero(of_zero)
    place = (offsets[:-1] + of_negative)[rows]
    width = histograms.zero_threshold[rows]
    lower[place], upper[place], counts[place], kind[place] = -width, width, histograms.zero_count[rows], Kind.ZERO

    owner = np.repeat(np.arange(len(histograms)), of_positive)
    place = spans(offsets[:-1] + of_negative + of_zero, of_positive)
    near, far = _bounds(histograms, owner, positive.index.astype(np.int64))
    lower[place], upper[place], counts[place], kind[place] = near, far, positive.counts, Kind.POSITIVE
    return Ranges(offsets, lower, upper, counts, kind)


def _bounds(histograms: Histograms, owner: Rows, index: Rows) -> tuple[Values, Values]:
    """Of buckets, by histogram and index, the bound nearer to zero and the other; of custom ones the lower and the upper."""
    schema = histograms.schema[owner]
    custom = schema == CUSTOM_SCHEMA
    plain = np.where(custom, np.int8(0), schema)
    near = np.maximum(upper_bounds(plain, index - 1), histograms.zero_threshold[owner])
    far = upper_bounds(plain, index)
    if custom.any():
        which, own = np.flatnonzero(custom), index[custom]
        begin = histograms.custom_offsets[:-1][owner[which]]
        size = histograms.custom_offsets[1:][owner[which]] - begin
        bounds = np.append(histograms.custom, np.inf)
        near[which] = np.where(own > 0, bounds[np.minimum(begin + own - 1, len(bounds) - 1)], -np.inf)
        far[which] = np.where(own < size, bounds[np.minimum(begin + own, len(bounds) - 1)], np.inf)
    return near, far


def holding(buckets: Buckets) -> Buckets:
    """The buckets that hold something."""
    kept = buckets.counts != 0
    if kept.all():
        return buckets
    before = np.append(0, np.cumsum(kept))
    return Buckets(before[buckets.offsets].astype(np.int64), buckets.index[kept], buckets.counts[kept])
