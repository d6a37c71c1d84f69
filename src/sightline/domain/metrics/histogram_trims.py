"""Native histograms without the observations above or below a value.

How many of a bucket's observations lie on either side is interpolated as for quantiles; where a bucket has no end, its
observations are taken to lie at the bound that it has. The rules are Prometheus'.
Source: https://prometheus.io/docs/prometheus/latest/querying/operators/#histogram-trim-operators.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.histogram_buckets import Kind, Ranges, holding, ranges
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Buckets, Histograms

Values = NDArray[np.float64]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


def trimmed(histograms: Histograms, limits: Values, *, upper: bool) -> Histograms:
    """Each without what lies above (`upper`) or else below its limit, float64 (h,).

    One of which nothing is taken stays as it is; else its sum follows from the middles of what is left of the buckets.
    """
    found = ranges(histograms)
    owner = np.repeat(np.arange(len(histograms)), np.diff(found.offsets))
    limit = limits[owner]
    linear = (histograms.schema[owner] == CUSTOM_SCHEMA) | (found.kind == Kind.ZERO)
    low, high = _bounds(histograms, found, owner)
    begins = np.isneginf(low) & (high > 0) & np.isfinite(high)  # such a first bucket is taken to begin at zero
    from_zero = np.where(begins, 0.0, low)
    below = np.where(linear, (limit - from_zero) / (high - from_zero), _on_scale(limit, low, high))
    if upper:
        share = np.where(high <= limit, 1.0, np.where(from_zero < limit, below, 0.0))
        share = np.where((high == np.inf) & (limit < np.inf), 0.0, share)
        share = np.where(np.isneginf(low) & (high <= 0) & (limit > -np.inf), 1.0, share)
        left, right = low, np.minimum(high, limit)
    else:
        share = np.where(from_zero >= limit, 1.0, np.where(high > limit, 1.0 - below, 0.0))
        share = np.where((high == np.inf) & np.isfinite(low) & (limit < np.inf), 1.0, share)
        all_below = begins & (limit < 0)  # nobody knows how much of it lies above
        share = np.where(np.isneginf(low) & (limit > -np.inf) & (~begins | all_below), 0.0, share)
        left, right = np.maximum(low, limit), high
    share = np.where(np.isnan(limit), 1.0, share)
    counts = np.where(share > 0, found.counts * share, 0.0)
    middles = _middles(left, right, linear, found.kind)
    return _with_counts(histograms, found, counts, np.where(counts != 0, counts * middles, 0.0))


def _bounds(histograms: Histograms, found: Ranges, owner: Rows) -> tuple[Values, Values]:
    """The bounds of buckets; a zero bucket ends at zero where all others lie on one side of it."""
    positive, negative = (np.diff(one.offsets)[owner] > 0 for one in (histograms.positive, histograms.negative))
    zero = found.kind == Kind.ZERO
    return (
        np.where(zero & positive & ~negative, 0.0, found.lower),
        np.where(zero & negative & ~positive, 0.0, found.upper),
    )


def _on_scale(limit: Values, low: Values, high: Values) -> Values:
    """The share of exponential buckets that lies below a limit within them."""
    near, far, value = np.log2(np.abs(low)), np.log2(np.abs(high)), np.log2(np.abs(limit))
    share: Values = (value - near) / (far - near)  # of a negative one both differences change their signs
    return share


def _middles(left: Values, right: Values, linear: Mask, kind: NDArray[np.uint8]) -> Values:
    """Where the observations between two values lie in the mean."""
    geometric = np.sqrt(np.abs(left * right)) * np.where(kind == Kind.NEGATIVE, -1.0, 1.0)
    middle = np.where(linear, (left + right) / 2, geometric)
    without_begin = np.where(np.isposinf(right), 0.0, np.where(right > 0, right / 2, right))
    return np.where(np.isneginf(left), without_begin, np.where(np.isposinf(right), left, middle))


def _with_counts(histograms: Histograms, found: Ranges, counts: Values, sums: Values) -> Histograms:
    """The histograms with other counts in their buckets, as `ranges` lists these, and their shares of the sum."""
    rows = np.flatnonzero(np.diff(found.offsets))
    begins = found.offsets[:-1][rows]
    changed = np.zeros(len(histograms), np.bool_)
    count, total = np.zeros(len(histograms)), np.zeros(len(histograms))
    if len(rows):
        changed[rows] = np.logical_or.reduceat(counts != found.counts, begins)
        count[rows], total[rows] = np.add.reduceat(counts, begins), np.add.reduceat(sums, begins)
    zero_count = histograms.zero_count.copy()
    zero_count[histograms.zero_count > 0] = counts[found.kind == Kind.ZERO]
    negative = histograms.negative
    owner = np.repeat(np.arange(len(histograms)), np.diff(negative.offsets))
    place = found.offsets[:-1][owner] + (negative.offsets[1:][owner] - 1 - np.arange(len(negative.index)))
    return replace(
        histograms,
        zero_count=zero_count,
        count=np.where(changed, count, histograms.count),
        sum=np.where(changed, total, histograms.sum),
        positive=holding(
            Buckets(histograms.positive.offsets, histograms.positive.index, counts[found.kind == Kind.POSITIVE])
        ),
        negative=holding(Buckets(negative.offsets, negative.index, counts[place])),
    )
