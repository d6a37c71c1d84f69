"""Sums and differences of native histograms, which need not have the same buckets.

As Prometheus reconciles them (model/histogram): the sum is as coarse as its coarsest member, its zero bucket as wide as the
widest, or wider so that it ends where a bucket of each ends, and of custom bounds it has those that all members have.
Exponential buckets and custom ones do not go together.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.buckets import WIDEST, add_buckets, add_numbers
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.histogram_buckets import holding, upper_bounds
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Buckets, Histograms, ResetHint, together

Rows = NDArray[np.int64]
Values = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Sums(NamedTuple):
    """t sums, and masks, bool (t,).

    is_mixed: exponential and custom buckets meet, so that there is no sum, and what stands there means nothing.
    is_reconciled: members have different custom bounds. is_conflicting: one was reset, another one was not.
    """

    histograms: Histograms
    is_mixed: Mask
    is_reconciled: Mask
    is_conflicting: Mask


def sums(
    pool: Histograms, members: Rows, offsets: Rows, weights: Values, coarsest: NDArray[np.int8] | None = None
) -> Sums:
    """Add up t times some of h histograms.

    members: int64 (m,), numbers in the pool; sum i takes offsets[i]:offsets[i + 1] of them, at least one.
    weights: float64 (m,), 1 to add, -1 to subtract. coarsest: int8 (t,), a schema that the sum has at most.
    """
    begins, owner = offsets[:-1], np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    schemas = pool.schema[members]
    schema = np.minimum.reduceat(schemas, begins)
    is_mixed = (schema == CUSTOM_SCHEMA) & (np.maximum.reduceat(schemas, begins) != CUSTOM_SCHEMA)
    if coarsest is not None:
        schema = np.minimum(schema, coarsest)
    pool, members, zero = _with_one_zero_bucket(pool, members, begins, owner)
    pool, members, is_reconciled = _with_common_bounds(pool, members, offsets, (schema == CUSTOM_SCHEMA) & ~is_mixed)
    shifts = (pool.schema[members].astype(np.int64) - schema[owner]) * ~is_mixed[owner]
    reset, is_conflicting = _hints(pool.reset[members], begins)
    first = pool.take(members[begins])  # of the custom bounds, which all members have by now
    found = Histograms(
        schema,
        reset,
        zero,
        _added(pool.zero_count, members, offsets, weights),
        _added(pool.count, members, offsets, weights),
        _added(pool.sum, members, offsets, weights),
        _buckets(pool.positive, members, offsets, weights, shifts),
        _buckets(pool.negative, members, offsets, weights, shifts),
        first.custom_offsets,
        first.custom,
    )
    return Sums(found, is_mixed, is_reconciled, is_conflicting)


def scaled(histograms: Histograms, factors: Values) -> Histograms:
    """Each times its factor, float64 (h,); times less than zero it is a gauge."""
    return _changed(histograms, np.multiply, factors)


def divided(histograms: Histograms, divisors: Values) -> Histograms:
    """Each by its divisor, float64 (h,); by zero it has no bucket any more, by less it is a gauge."""
    return _changed(histograms, np.divide, divisors)


def _changed(histograms: Histograms, operation: np.ufunc, numbers: Values) -> Histograms:
    def buckets(own: Buckets) -> Buckets:
        each = np.repeat(numbers, np.diff(own.offsets))
        counts = operation(own.counts, each)
        if operation is np.divide:
            counts[each == 0] = 0
        return holding(Buckets(own.offsets, own.index, counts))

    return Histograms(
        histograms.schema,
        np.where(numbers < 0, np.uint8(ResetHint.GAUGE), histograms.reset),
        histograms.zero_threshold,
        operation(histograms.zero_count, numbers),
        operation(histograms.count, numbers),
        operation(histograms.sum, numbers),
        buckets(histograms.positive),
        buckets(histograms.negative),
        histograms.custom_offsets,
        histograms.custom,
    )


def _added(numbers: Values, members: Rows, offsets: Rows, weights: Values) -> Values:
    out = np.empty(len(offsets) - 1)
    add_numbers(offsets, members, weights, np.ascontiguousarray(numbers), out)
    return out


def _buckets(own: Buckets, members: Rows, offsets: Rows, weights: Values, shifts: Rows) -> Buckets:
    """The buckets of the sums."""
    begins, ends = own.offsets[:-1][members], own.offsets[1:][members]
    some = ends > begins
    entries = np.add.reduceat(np.append(ends - begins, 0), offsets)[:-1] if len(members) else np.zeros(0, np.int64)
    low, high = np.full(len(members), np.iinfo(np.int64).max), np.full(len(members), np.iinfo(np.int64).min)
    low[some] = ((own.index[begins[some]].astype(np.int64) - 1) >> shifts[some]) + 1
    high[some] = ((own.index[ends[some] - 1].astype(np.int64) - 1) >> shifts[some]) + 1
    least, most = np.minimum.reduceat(low, offsets[:-1]), np.maximum.reduceat(high, offsets[:-1])
    width = np.where(entries > 0, most - np.where(entries > 0, least, most) + 1, 0)
    sizes, room = np.empty(len(offsets) - 1, np.int64), np.minimum(width, entries)
    starts = np.cumsum(room) - room
    index, counts = np.empty(int(room.sum()), np.int32), np.empty(int(room.sum()))
    add = add_buckets if not len(width) or width.max() <= WIDEST else add_buckets.twin
    add(offsets, members, weights, shifts, own.offsets, own.index, own.counts, starts, index, counts, sizes)
    kept = spans(starts, sizes)
    return Buckets(np.append(0, np.cumsum(sizes)).astype(np.int64), index[kept], counts[kept])


def _hints(hints: NDArray[np.uint8], begins: Rows) -> tuple[NDArray[np.uint8], Mask]:
    """What sums say of a reset, and which have members that contradict each other."""
    unknown, reset, stays, gauge = (
        np.logical_or.reduceat(hints == hint, begins)
        for hint in (ResetHint.UNKNOWN, ResetHint.RESET, ResetHint.NOT_RESET, ResetHint.GAUGE)
    )
    of_counters = np.where(
        unknown | (reset & stays), ResetHint.UNKNOWN, np.where(reset, ResetHint.RESET, ResetHint.NOT_RESET)
    )
    return np.where(gauge, ResetHint.GAUGE, of_counters).astype(np.uint8), reset & stays


def _with_one_zero_bucket(
    pool: Histograms, members: Rows, begins: Rows, owner: Rows
) -> tuple[Histograms, Rows, Values]:
    """The pool with members whose zero bucket had to grow, the members, and how far the zero bucket of each sum reaches."""
    threshold = pool.zero_threshold[members]
    zero = np.maximum.reduceat(threshold, begins)
    if (zero == np.minimum.reduceat(threshold, begins)).all():
        return pool, members, zero
    while True:
        grows = np.flatnonzero(threshold != zero[owner])
        pairs = np.rec.fromarrays((members[grows], zero[owner[grows]]))
        distinct, number = np.unique(pairs, return_inverse=True)
        wider, cut = _widened(pool.take(distinct["f0"]), distinct["f1"])
        # Where the zero bucket would end within a bucket, that belongs to it as a whole, and so in all members.
        reach = zero.copy()
        np.maximum.at(reach, owner[grows], cut[number])
        if (reach == zero).all():
            moved = members.copy()
            moved[grows] = len(pool) + number
            return together([pool, wider]), moved, zero
        zero = reach


def _widened(histograms: Histograms, threshold: Values) -> tuple[Histograms, Values]:
    """The histograms with a zero bucket as wide as that; and how wide it had to be not to end within another bucket, all (h,)."""
    zero_count, cut = histograms.zero_count.copy(), threshold.copy()
    kept = []
    for own in (histograms.positive, histograms.negative):
        owner = np.repeat(np.arange(len(histograms)), np.diff(own.offsets))
        schema = np.where(histograms.schema == CUSTOM_SCHEMA, 0, histograms.schema)[owner]
        inside = (upper_bounds(schema, own.index.astype(np.int64) - 1) < threshold[owner]) & (own.counts != 0)
        inside &= histograms.schema[owner] != CUSTOM_SCHEMA
        np.add.at(zero_count, owner[inside], own.counts[inside])
        np.maximum.at(cut, owner[inside], upper_bounds(schema, own.index.astype(np.int64))[inside])
        kept.append(holding(Buckets(own.offsets, own.index, np.where(inside, 0.0, own.counts))))
    found = Histograms(
        histograms.schema,
        histograms.reset,
        threshold,
        zero_count,
        histograms.count,
        histograms.sum,
        kept[0],
        kept[1],
        histograms.custom_offsets,
        histograms.custom,
    )
    return found, cut


def _with_common_bounds(pool: Histograms, members: Rows, offsets: Rows, custom: Mask) -> tuple[Histograms, Rows, Mask]:
    """The pool with members that have only the custom bounds which all in their sum have; the members; which sums that changes."""
    changed = np.zeros(len(custom), np.bool_)
    if not custom.any():
        return pool, members, changed
    kinds: dict[bytes, int] = {}
    layout = np.full(len(pool), -1)
    used = np.unique(members[np.repeat(custom, np.diff(offsets))])
    for row in used.tolist():
        bounds = pool.custom[pool.custom_offsets[row] : pool.custom_offsets[row + 1]]
        layout[row] = kinds.setdefault(bounds.tobytes(), len(kinds))
    if len(kinds) <= 1:
        return pool, members, changed
    own = layout[members]
    changed = custom & (np.minimum.reduceat(own, offsets[:-1]) != np.maximum.reduceat(own, offsets[:-1]))
    every = [np.frombuffer(one) for one in kinds]
    common: dict[bytes, Values] = {}
    made: dict[tuple[int, bytes], int] = {}
    parts, moved = [pool], members.copy()
    for i in np.flatnonzero(changed).tolist():
        its = slice(offsets[i], offsets[i + 1])
        which = np.unique(own[its])
        key = which.tobytes()
        if key not in common:
            bounds = every[which[0]]
            for other in which[1:].tolist():
                bounds = np.intersect1d(bounds, every[other], assume_unique=True)
            common[key] = bounds
        for at, row in enumerate(members[its].tolist(), int(offsets[i])):
            if (row, key) not in made:
                made[row, key] = len(pool) + len(parts) - 1
                parts.append(_rebound(pool.take(np.array([row])), common[key]))
            moved[at] = made[row, key]
    return together(parts), moved, changed


def _rebound(one: Histograms, bounds: Values) -> Histograms:
    """One histogram of custom buckets with fewer bounds, which are among its own."""
    own, upper = one.positive, np.append(one.custom, np.inf)
    index = np.searchsorted(bounds, upper[np.minimum(own.index, len(upper) - 1)])
    counts = np.zeros(len(bounds) + 1)
    np.add.at(counts, index, own.counts)
    held = np.flatnonzero(counts)
    positive = Buckets(np.array([0, len(held)]), held.astype(np.int32), counts[held])
    offsets = np.array([0, len(bounds)])
    return Histograms(
        one.schema,
        one.reset,
        one.zero_threshold,
        one.zero_count,
        one.count,
        one.sum,
        positive,
        one.negative,
        offsets,
        bounds,
    )
