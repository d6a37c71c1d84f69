"""Quantiles and fractions of histograms, classic and native.

A classic histogram is series that differ in `le` alone, each the count of observations up to it. The rules for it are Prometheus'
(promql/quantile.go): observations are taken to be spread evenly within a bucket, the lowest bucket to begin at 0 when its bound is
positive, and counts that fall from one bound to the next to have stayed.

Shapes: histograms with the same number of buckets go together. For b buckets, h histograms and p instants bounds are
float64 (b, h), ascending; counts float64 and there bool (b, h, p).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import Histograms
from sightline.domain.metrics.samples import Values
from sightline.domain.promql import native_functions
from sightline.domain.promql.annotations import Annotations, Falls
from sightline.domain.promql.numerals import shortest
from sightline.domain.promql.planes import are_histograms, floats, has_histograms, places
from sightline.domain.promql.ranking import note_quantiles
from sightline.domain.promql.rows import drop_names, grouped, select, unique, without_name
from sightline.domain.promql.values import Vector
from sightline.domain.timerange import Grid

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

BUCKET: Final = "le"
_BUCKET_ALONE: Final = frozenset({BUCKET})
# Counts this near to each other, relative to their sum, differ by rounding only.
_SMALL: Final = 1e-12
# So many native histograms are copied at a time, some 40 MB.
_TOGETHER: Final = 1 << 16
_TINIEST: Final = np.finfo(np.float64).tiny
_NUMBER: Final = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|infinity|nan))")


_OfNative = Callable[[Rows, Rows, Histograms], Values]
"""Of native histograms, given by row, instant and histogram, a value each."""


class _Batch(NamedTuple):
    """Histograms with equally many buckets: which of all they are, their bounds, counts, and where those are present."""

    members: NDArray[np.int64]
    bounds: Values
    counts: Values
    there: Mask


def quantile(q: Values, vector: Vector, notes: Annotations, places: tuple[str, ...], at: Grid) -> Vector:
    """The q-quantile of each histogram; q: float64 (p,).

    NaN without observations, with fewer than two buckets or without one that ends at +Inf.
    """
    place, buckets = (*places, "", "")[:2]
    note_quantiles(q, notes, place)
    return _of_quantile(q, vector, notes, buckets, at)


def quantiles(
    every: Sequence[Values],
    name: str,
    vector: Vector,
    notes: Annotations,
    places: tuple[str, ...],
    at: Grid,
    allow: Callable[[int, int], None],
) -> Vector:
    """Several quantiles of each histogram, told apart by a label of this name; each as `quantile` gives it.

    A quantile that moves with time makes a row for each value it has; `allow(rows, points)` may refuse the size of the result.

    Raises:
        Unprocessable: a label without a name.
        VectorMatchingFailed: the same quantile twice.
    """
    if not name:
        raise Unprocessable(f'invalid label name "{name}"')
    places = (*places, *[""] * (len(every) + 2))
    found, rows = [], 0
    for q, place in zip(every, places[2:], strict=False):
        note_quantiles(q, notes, place)
        values = _of_quantile(q, vector, notes, places[1], at)
        numbers = np.unique(q[~np.isnan(q)]).tolist() + ([np.nan] if np.isnan(q).any() else [])
        rows += len(numbers) * len(values.labels)
        allow(rows, len(q))
        for number in numbers:
            here = np.isnan(q) if np.isnan(number) else q == number
            labels = [Labels.of([*one, (name, _openmetrics(number))]) for one in values.labels]
            found.append(Vector(tuple(labels), values.values, values.present & here))
    return unique(
        Vector(
            tuple(labels for one in found for labels in one.labels),
            np.concatenate([one.values for one in found]),
            np.concatenate([one.present for one in found]),
        )
    )


def _openmetrics(number: float) -> str:
    """A number as OpenMetrics writes it: whole ones with a fraction of zero."""
    written = shortest(number)
    return written + ".0" if written.lstrip("-").isdigit() else written


def _of_quantile(q: Values, vector: Vector, notes: Annotations, place: str, at: Grid) -> Vector:
    def of(batch: _Batch) -> Values:
        values, falls = _quantiles(q, batch)
        if falls.any():
            _note_falls(falls, batch, notes, place, at)
        return values

    def of_native(rows: Rows, instants: Rows, pool: Histograms) -> Values:
        found = native_functions.quantiles(q[instants], pool)
        asked = np.isnan(pool.sum) & (pool.count != 0) & (q[instants] >= 0) & (q[instants] <= 1)
        for one in np.flatnonzero(asked).tolist():
            notes.unknown_quantile(vector.labels[rows[one]].name, place, is_nan=bool(np.isnan(found[one])))
        return found

    return _of_histograms(of, of_native, vector, notes, place)


def _note_falls(falls: Values, batch: _Batch, notes: Annotations, place: str, at: Grid) -> None:
    """Tell of buckets that held less than the one before: by how much, float64 (b, h, p), 0 where they did not."""
    bucket, histogram, instant = np.nonzero(falls)
    bounds = batch.bounds[bucket, histogram]
    times = at.times()[instant]
    count = len(np.unique(histogram * falls.shape[2] + instant))
    span = (float(bounds.min()), float(bounds.max()), float(falls.max()))
    notes.forced_monotonicity(Falls(*span, count, int(times.min()), int(times.max())), place)


def fraction(lower: Values, upper: Values, vector: Vector, notes: Annotations, places: tuple[str, ...]) -> Vector:
    """The share of the observations between two values, float64 (p,); NaN without observations."""
    place = (*places, "", "", "")[2]

    def of_native(rows: Rows, instants: Rows, pool: Histograms) -> Values:
        asked = np.isnan(pool.sum) & (pool.count != 0) & ~np.isnan(lower[instants]) & ~np.isnan(upper[instants])
        for row in np.unique(rows[asked]).tolist():
            notes.unknown_fraction(vector.labels[row].name, place)
        return native_functions.fractions(lower[instants], upper[instants], pool)

    return _of_histograms(lambda batch: _fractions(lower, upper, batch), of_native, vector, notes, place)


def _of_histograms(
    of: Callable[[_Batch], Values], of_native: _OfNative, vector: Vector, notes: Annotations, place: str
) -> Vector:
    """Apply a function to all histograms of a vector: classic ones, and native ones, which are an element each."""
    if vector.histograms is None or not has_histograms(vector):
        return _of_classic(of, vector, notes, place)
    rows, instants, number = places(vector)
    used = np.unique(rows)
    values, present = np.zeros(vector.values.shape), are_histograms(vector)
    for first in range(0, len(rows), _TOGETHER):
        some = slice(first, first + _TOGETHER)
        pool = vector.histograms.pool.take(number[some])
        values[rows[some], instants[some]] = of_native(rows[some], instants[some], pool)
    native = Vector(tuple([vector.labels[row] for row in used.tolist()]), values[used], present[used])
    others = floats(vector)
    classic = _of_classic(of, select(others, np.flatnonzero(others.present.any(axis=1))), notes, place)
    return _apart(classic, native, notes, place)


def _apart(classic: Vector, native: Vector, notes: Annotations, place: str) -> Vector:
    """Both together; where there is a classic and a native histogram of the same labels, neither."""
    names = [one.name for one in native.labels]
    native = Vector(tuple([without_name(one) for one in native.labels]), native.values, native.present)
    _, keys = grouped([*classic.labels, *native.labels])
    number = {one: row for row, one in enumerate(keys)}
    there = [np.zeros((len(keys), native.present.shape[1]), np.bool_) for _ in range(2)]
    for mask, side in zip(there, (classic, native), strict=True):
        np.logical_or.at(mask, [number[one] for one in side.labels], side.present)
    both = there[0] & there[1]
    for name, labels in zip(names, native.labels, strict=True):
        if both[number[labels]].any():
            notes.mixed_kinds(name, place)
    sides = [
        replace(side, present=side.present & ~both[[number[one] for one in side.labels]]) for side in (classic, native)
    ]
    return unique(
        Vector(
            tuple(labels for side in sides for labels in side.labels),
            np.concatenate([side.values for side in sides]),
            np.concatenate([side.present for side in sides]),
        )
    )


def _of_classic(of: Callable[[_Batch], Values], vector: Vector, notes: Annotations, place: str) -> Vector:
    """Apply a function to all classic histograms of a vector; series without a bound are no buckets and left out."""
    bounds = np.array([_bound(labels, notes, place) for labels in vector.labels], np.float64)
    rows = np.flatnonzero(~np.isnan(bounds))
    group, names = grouped([vector.labels[row].drop(_BUCKET_ALONE) for row in rows])
    points = vector.values.shape[1]
    values, present = np.empty((len(names), points)), np.zeros((len(names), points), np.bool_)
    for batch in _batches(vector, rows, group, bounds[rows]):
        values[batch.members] = of(batch)
        present[batch.members] = batch.there.any(axis=0)
    return drop_names(Vector(tuple(names), values, present))


def _bound(labels: Labels, notes: Annotations, place: str) -> float:
    """The upper bound of a bucket, NaN when there is none."""
    text = labels.get(BUCKET)
    if _NUMBER.fullmatch(text) is None:
        notes.bad_bucket(labels.name, text, place)
        return np.nan
    return float(text)


def _batches(vector: Vector, rows: NDArray[np.int64], group: NDArray[np.int64], bounds: Values) -> Iterator[_Batch]:
    """The histograms of a vector, those with equally many buckets together, buckets in order of their bounds."""
    order = np.lexsort((bounds, group))
    sizes = np.bincount(group)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes).tolist():
        members = np.flatnonzero(sizes == size)
        picked = order[starts[members] + np.arange(size)[:, None]]
        there = vector.present[rows[picked]]
        counts = np.where(there, vector.values[rows[picked]], 0.0)
        _merge_equal(bounds[picked], counts, there)
        yield _Batch(members, bounds[picked], counts, there)


def _merge_equal(bounds: Values, counts: Values, there: Mask) -> None:
    """Add up buckets of equal bounds, such as those of le="1" and le="1.0", in the last of them."""
    for bucket in range(len(bounds) - 1):
        same = bounds[bucket] == bounds[bucket + 1]
        if same.any():
            counts[bucket + 1, same] += counts[bucket, same]
            there[bucket + 1, same] |= there[bucket, same]
            there[bucket, same] = False


def _quantiles(q: Values, batch: _Batch) -> tuple[Values, Values]:
    """The quantiles, float64 (h, p), and by how much counts fell, float64 (b, h, p)."""
    counts, falls = _rising(batch)
    shape = counts.shape[1:]
    valid = (q >= 0) & (q <= 1)
    total = counts[-1]  # an absent bucket repeats the one before
    rank = np.where(valid, q, 0.0) * total
    begin, before = np.zeros(shape), np.zeros(shape)  # where the next bucket begins, and the count up to there
    seen, found = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    result, last = np.full(shape, np.nan), np.full(shape, np.nan)
    for bound, count, there in zip(batch.bounds[:, :, None], counts, batch.there, strict=True):
        finite = there & (bound < np.inf)
        here = finite & ~found & (count >= rank)
        first = seen == 0
        inside = begin + (bound - begin) * ((rank - before) / (count - before))
        result = np.where(here, np.where(first & (bound <= 0), bound, inside), result)
        found |= here
        begin, before = np.where(there, bound, begin), np.where(there, count, before)
        last = np.where(finite, bound, last)
        seen += there
    result = np.where(found, result, last)  # in the bucket that ends at +Inf: the bound before it
    usable = (begin == np.inf) & (seen > 1) & (total != 0)
    outside = np.where(np.isnan(q), np.nan, np.where(q < 0, -np.inf, np.inf))
    return np.where(valid, np.where(usable, result, np.nan), outside), np.where(usable & valid, falls, 0.0)


def _rising(batch: _Batch) -> tuple[Values, Values]:
    """The counts, none less than the one before, and by how much they were, where that was no rounding error."""
    counts, fallen = np.empty_like(batch.counts), np.zeros_like(batch.counts)
    started = np.zeros(counts.shape[1:], np.bool_)
    level = np.zeros(started.shape)
    for bucket, (count, there) in enumerate(zip(batch.counts, batch.there, strict=True)):
        near = (np.abs(count - level) < _SMALL * np.maximum(np.abs(count) + np.abs(level), _TINIEST)) & (level != 0)
        falls = there & started & (count < level) & ~near
        fallen[bucket] = np.where(falls, level - count, 0.0)
        stays = ~there | (started & (near | falls))
        level = np.where(stays, level, count)
        counts[bucket] = level
        started |= there
    return counts, fallen


def _fractions(lower: Values, upper: Values, batch: _Batch) -> Values:
    """The share of observations between two values, float64 (h, p)."""
    shape = batch.counts.shape[1:]
    lower, upper = np.broadcast_to(lower, shape), np.broadcast_to(upper, shape)
    begin, before = np.full(shape, -np.inf), np.zeros(shape)
    ranks, known = [np.zeros(shape), np.zeros(shape)], [np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)]
    for bound, count, there in zip(batch.bounds[:, :, None], batch.counts, batch.there, strict=True):
        own = np.where((begin == -np.inf) & (bound > 0), 0.0, begin)
        for side, limit in enumerate((lower, upper)):
            rank = np.where(own >= limit, before, before + (count - before) * (limit - own) / (bound - own))
            rank = np.where((own == -np.inf) | (bound == np.inf), before, rank)  # no even spread without an end
            here = there & ~known[side] & (bound > limit)
            ranks[side] = np.where(here, rank, ranks[side])
            known[side] |= here
        begin, before = np.where(there, bound, begin), np.where(there, count, before)
    low, high = (np.where(known[side], np.minimum(ranks[side], before), before) for side in (0, 1))
    share = np.where(lower >= upper, 0.0, (high - low) / before)
    usable = (begin == np.inf) & (before != 0) & ~np.isnan(lower) & ~np.isnan(upper)
    return np.where(usable, share, np.nan)
