"""What became of a native histogram from one sample to the next: whether it was reset, and whether it is the same.

The rules are Prometheus' (model/histogram). Source: https://prometheus.io/docs/specs/native_histograms/.
"""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.histogram_sums import sums
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Buckets, Histograms, ResetHint

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
_Columns = tuple[NDArray[np.generic], ...]


def were_reset(pool: Histograms, before: Rows, after: Rows) -> Mask:
    """For k pairs of histograms, by their numbers (k,): whether the later one counts anew. bool (k,).

    What it says of itself holds; otherwise it was reset if anything in it is less than before, or if its buckets are such as a
    histogram that goes on does not come to have.
    """
    hint = pool.reset[after]
    found: Mask = hint == ResetHint.RESET
    asked = np.flatnonzero((hint != ResetHint.RESET) & (hint != ResetHint.NOT_RESET))
    found[asked] = _fell(pool, before[asked], after[asked])
    return found


def _fell(pool: Histograms, before: Rows, after: Rows) -> Mask:
    if not len(before):
        return np.zeros(0, np.bool_)
    members = np.column_stack((after, before)).ravel()
    weights = np.tile([1.0, -1.0], len(before))
    change = sums(pool, members, np.arange(0, len(members) + 1, 2), weights)
    left: Mask = (
        (pool.count[after] < pool.count[before])
        | ((pool.schema[after] == CUSTOM_SCHEMA) != (pool.schema[before] == CUSTOM_SCHEMA))
        | (pool.schema[after] > pool.schema[before])
        | (pool.zero_threshold[after] < pool.zero_threshold[before])
        | (change.histograms.zero_threshold != pool.zero_threshold[after])  # it ends within a bucket of the one before
        | (change.histograms.zero_count < 0)
        | _has_negative(change.histograms.positive)
        | _has_negative(change.histograms.negative)
    )
    return left


def _has_negative(buckets: Buckets) -> Mask:
    before = np.append(0, np.cumsum(buckets.counts < 0))
    some: Mask = np.diff(before[buckets.offsets]) > 0
    return some


def are_same(one: Histograms, other: Histograms) -> Mask:
    """Whether h histograms are those others, one by one, but for what they say of a reset: bool (h,). A NaN is like itself."""
    same: Mask = (one.schema == other.schema) & (one.zero_threshold == other.zero_threshold)
    for a, b in ((one.count, other.count), (one.sum, other.sum), (one.zero_count, other.zero_count)):
        same &= (a == b) | (np.isnan(a) & np.isnan(b))
    same &= _equal_rows(one.custom_offsets, (one.custom,), other.custom_offsets, (other.custom,))
    for left, right in ((one.positive, other.positive), (one.negative, other.negative)):
        same &= _equal_rows(left.offsets, (left.index, left.counts), right.offsets, (right.index, right.counts))
    return same


def _equal_rows(offsets: Rows, columns: _Columns, others: Rows, their: _Columns) -> Mask:
    lengths = np.diff(offsets)
    same: Mask = lengths == np.diff(others)
    rows = np.flatnonzero(same & (lengths > 0))
    if len(rows):
        size = lengths[rows]
        ends = np.cumsum(size)
        within = np.arange(ends[-1]) - np.repeat(ends - size, size)
        left, right = within + np.repeat(offsets[rows], size), within + np.repeat(others[rows], size)
        equal = np.logical_and.reduce([a[left] == b[right] for a, b in zip(columns, their, strict=True)])
        same[rows] = np.logical_and.reduceat(equal, ends - size)
    return same
