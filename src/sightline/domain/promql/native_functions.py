"""What functions make of native histograms, element by element.

The rules are Prometheus' (promql/quantile.go).
Source: https://prometheus.io/docs/specs/native_histograms/#interpolation-within-a-bucket.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.metrics.histogram_buckets import ranges
from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, Histograms
from sightline.domain.metrics.samples import Values
from sightline.domain.promql.planes import are_histograms
from sightline.domain.promql.values import Vector

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

_HALF: Final = 0.5
# So many buckets are looked at together: 10 MB of each of the columns below.
_TOGETHER: Final = 1 << 20


class _Block(NamedTuple):
    """The buckets of k histograms as a matrix, (k, b), in ascending order; behind the last one counts are 0.

    which: which histograms these are. size: int64 (k,), how many buckets each has.
    """

    which: slice
    histograms: Histograms
    size: Rows
    lower: Values
    upper: Values
    counts: Values

    @property
    def is_custom(self) -> Mask:
        """Whose bounds are their own, bool (k,)."""
        custom: Mask = self.histograms.schema == CUSTOM_SCHEMA
        return custom

    def zero_bounds(self, lower: Values, upper: Values) -> tuple[Values, Values]:
        """Bounds, (k,), of which those of a zero bucket end at zero where all other buckets lie on one side of it."""
        positive, negative = (np.diff(one.offsets) > 0 for one in (self.histograms.positive, self.histograms.negative))
        around = ~self.is_custom & (lower <= 0) & (upper >= 0)
        return np.where(around & positive & ~negative, 0.0, lower), np.where(around & negative & ~positive, 0.0, upper)


def _blocks(histograms: Histograms) -> Iterator[_Block]:
    """All of them, some at a time."""
    found = ranges(histograms)
    sizes = np.diff(found.offsets)
    widest = max(1, int(sizes.max(initial=0)))
    height = max(1, _TOGETHER // widest)
    for first in range(0, len(histograms), height):
        after = min(first + height, len(histograms))
        size = sizes[first:after]
        filled = np.arange(widest) < size[:, None]
        its = slice(found.offsets[first], found.offsets[after])
        matrices = [np.zeros(filled.shape) for _ in range(3)]
        for matrix, column in zip(matrices, (found.lower, found.upper, found.counts), strict=True):
            matrix[filled] = column[its]
        part = slice(first, after)
        yield _Block(part, histograms.take(np.arange(first, after)), size, *matrices)


def numbers_of(function: str, vector: Vector) -> Vector:
    """A number of each histogram of a vector; floats are left out."""
    present = are_histograms(vector)
    values = np.zeros(vector.values.shape)
    if vector.histograms is not None and present.any():
        used, number = np.unique(vector.histograms.index[present], return_inverse=True)
        values[present] = OF_HISTOGRAM[function](vector.histograms.pool.take(used))[number.reshape(-1)]
    return Vector(vector.labels, values, present)


def quantiles(q: Values, histograms: Histograms) -> Values:
    """The q-quantile of each of h histograms, float64 (h,); q likewise. NaN without observations.

    Within a bucket observations are taken to be spread evenly on a logarithmic scale, but evenly within custom buckets and the
    zero bucket.
    """
    found = np.full(len(q), np.nan)
    for block in _blocks(histograms):
        found[block.which] = _quantiles(q[block.which], block)
    valid = (histograms.count != 0) & ~np.isnan(q)
    return np.where(q < 0, -np.inf, np.where(q > 1, np.inf, np.where(valid, found, np.nan)))


def _quantiles(q: Values, block: _Block) -> Values:
    total, row = block.histograms.count, np.arange(len(q))
    # From the nearer end, which is the more exact; from the lower one where observations of NaN are counted in no bucket.
    has_nan = np.isnan(block.histograms.sum)
    upwards = has_nan | (q < _HALF)
    last = np.maximum(block.size - 1, 0)
    rank = np.where(upwards, q, 1 - q) * total
    rising = np.cumsum(block.counts, axis=1)
    falling = np.cumsum(block.counts[:, ::-1], axis=1)[:, ::-1]
    filled = np.arange(block.counts.shape[1]) < block.size[:, None]
    up = filled & (rising >= rank[:, None])
    down = filled & (falling >= rank[:, None])
    first_up = np.where(up.any(axis=1), up.argmax(axis=1), last)
    first_down = np.where(down.any(axis=1), down.shape[1] - 1 - down[:, ::-1].argmax(axis=1), 0)
    at = np.where(upwards, first_up, first_down)
    count = np.where(upwards, rising[row, at], falling[row, at])
    lower, upper, own = block.lower[row, at], block.upper[row, at], block.counts[row, at]
    custom = block.is_custom
    is_lowest, is_highest = custom & np.isneginf(lower), custom & np.isposinf(upper)
    lower, upper = block.zero_bounds(np.where(is_lowest, 0.0, lower), upper)
    count = np.minimum(count, total)
    rank = np.where(upwards, rank - (count - own), count - rank)
    share = rank / own
    linear = lower + (upper - lower) * share
    near, far = np.log2(np.abs(lower)), np.log2(np.abs(upper))
    on_scale = np.where(lower > 0, np.exp2(near + (far - near) * share), -np.exp2(far + (near - far) * (1 - share)))
    found = np.where(custom | ((lower <= 0) & (upper >= 0)), linear, on_scale)
    found = np.where(is_lowest & (upper <= 0), upper, np.where(is_highest & ~is_lowest, lower, found))
    short = upwards & ~up.any(axis=1)  # so many observations are in no bucket
    found = np.where(short, np.where(has_nan, np.nan, upper), found)
    return np.where(block.size > 0, found, np.where(has_nan, np.nan, 0.0))


def fractions(lower: Values, upper: Values, histograms: Histograms) -> Values:
    """The share of the observations between two values, all float64 (h,); NaN without observations."""
    found = np.full(len(lower), np.nan)
    for block in _blocks(histograms):
        low, high = (_ranks(one[block.which], block) for one in (lower, upper))
        found[block.which] = (high - low) / block.histograms.count
    found = np.where(lower >= upper, 0.0, found)
    return np.where((histograms.count == 0) | np.isnan(lower) | np.isnan(upper), np.nan, found)


def _ranks(limit: Values, block: _Block) -> Values:
    """How many observations lie below a value, float64 (k,), interpolated in its bucket."""
    row = np.arange(len(limit))
    rising = np.cumsum(block.counts, axis=1)
    total = rising[:, -1]
    filled = np.arange(block.counts.shape[1]) < block.size[:, None]
    lowers, uppers = block.lower, block.upper
    here = filled & ((lowers >= limit[:, None]) | (uppers > limit[:, None]))
    at = here.argmax(axis=1)
    own, before = block.counts[row, at], rising[row, at] - block.counts[row, at]
    custom = block.is_custom
    lower, upper = block.zero_bounds(lowers[row, at], uppers[row, at])
    linear = before + own * (limit - lower) / (upper - lower)
    near, far, value = np.log2(np.abs(lower)), np.log2(np.abs(upper)), np.log2(np.abs(limit))
    share = np.where(limit > 0, (value - near) / (far - near), 1 - (value - far) / (near - far))
    found = np.where(custom | ((lower <= 0) & (upper >= 0)), linear, before + own * share)
    found = np.where(np.isneginf(lower), own, found)  # no even spread without an end
    found = np.where(lower >= limit, before, np.where(upper <= limit, before + own, found))
    return np.where(here.any(axis=1), np.minimum(found, total), total)


def _variance(histograms: Histograms) -> Values:
    """The variance, as if all observations of a bucket lay in its middle, which is the geometric one of an exponential bucket."""
    found = np.empty(len(histograms))
    for block in _blocks(histograms):
        count, total = block.histograms.count[:, None], block.histograms.sum[:, None]
        middle = np.sqrt(block.lower * block.upper) * np.sign(block.upper)
        middle = np.where((block.lower <= 0) & (block.upper >= 0), 0.0, middle)
        middle = np.where(block.is_custom[:, None], (block.lower + block.upper) / 2, middle)
        squares = np.where(block.counts != 0, block.counts * (middle - total / count) ** 2, 0.0)
        found[block.which] = squares.sum(axis=1) / block.histograms.count
    return found


OF_HISTOGRAM: Final[Mapping[str, Callable[[Histograms], Values]]] = {
    "histogram_avg": lambda histograms: histograms.sum / histograms.count,
    "histogram_count": lambda histograms: histograms.count,
    "histogram_stddev": lambda histograms: np.sqrt(_variance(histograms)),
    "histogram_stdvar": _variance,
    "histogram_sum": lambda histograms: histograms.sum,
}
"""Functions of native histograms alone: of h histograms a number each, float64 (h,)."""
