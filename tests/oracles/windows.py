"""Functions over windows, sample by sample in plain Python: slow, obvious, and exact where the machine rounds."""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

Sample = tuple[int, float]


def window(samples: Sequence[Sample], at: int, width: int) -> list[Sample]:
    """The samples after `at - width`, up to and including `at`."""
    return [(time, value) for time, value in samples if at - width < time <= at]


def values(samples: Sequence[Sample]) -> list[float]:
    """The values alone."""
    return [value for _, value in samples]


def total(numbers: Sequence[float]) -> float:
    """The sum, rounded once."""
    if any(math.isnan(one) for one in numbers) or {math.inf, -math.inf} <= set(numbers):
        return math.nan
    infinite = [one for one in numbers if math.isinf(one)]
    return infinite[0] if infinite else math.fsum(numbers)


def mean(numbers: Sequence[float]) -> float:
    """The mean, rounded once; it never overflows."""
    if not all(math.isfinite(one) for one in numbers):
        return total(numbers)
    return float(sum(map(Fraction, numbers)) / len(numbers))


def least(numbers: Sequence[float]) -> float:
    """The least number; NaN when there is none."""
    return min((one for one in numbers if not math.isnan(one)), default=math.nan)


def greatest(numbers: Sequence[float]) -> float:
    """The greatest number; NaN when there is none."""
    return max((one for one in numbers if not math.isnan(one)), default=math.nan)


def variance(numbers: Sequence[float]) -> float:
    """The population variance, rounded once."""
    if not all(math.isfinite(one) for one in numbers):
        return math.nan
    exact = [Fraction(one) for one in numbers]
    middle = sum(exact) / len(exact)
    return float(sum((one - middle) ** 2 for one in exact) / len(exact))


def quantile(q: float, numbers: Sequence[float]) -> float:
    """The q-quantile by interpolation, NaN sorted first."""
    if math.isnan(q):
        return math.nan
    if q < 0 or q > 1:
        return math.copysign(math.inf, q)
    ordered = sorted(numbers, key=lambda one: (not math.isnan(one), one))
    rank = q * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - (rank - low)) + ordered[high] * (rank - low)


def changes(numbers: Sequence[float]) -> float:
    """How often the value changed; NaN does not change to NaN."""
    return float(sum(a != b and not (math.isnan(a) and math.isnan(b)) for a, b in pairwise(numbers)))


def resets(numbers: Sequence[float]) -> float:
    """How often the value fell."""
    return float(sum(b < a for a, b in pairwise(numbers)))


def deviation(numbers: Sequence[float]) -> float:
    """The median distance from the median."""
    median = quantile(0.5, numbers)
    return quantile(0.5, [abs(one - median) for one in numbers])


OVER_TIME: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": total,
    "AVG": mean,
    "MIN": least,
    "MAX": greatest,
    "COUNT": lambda numbers: float(len(numbers)),
    "LAST": lambda numbers: numbers[-1],
    "STDDEV": lambda numbers: math.sqrt(variance(numbers)),
    "STDVAR": variance,
    "PRESENT": lambda _numbers: 1.0,
    "FIRST": lambda numbers: numbers[0],
    "CHANGES": changes,
    "RESETS": resets,
    "MAD": deviation,
}


def time_of(name: str, found: Sequence[Sample]) -> float:
    """When the first, last, least or greatest of some samples is, in seconds; of equals the last."""
    if name in {"FIRST_TIME", "LAST_TIME"}:
        return found[0 if name == "FIRST_TIME" else -1][0] / 1000
    numbers = values(found)
    extreme = least(numbers) if name == "MIN_TIME" else greatest(numbers)
    return [time for time, value in found if value == extreme or math.isnan(extreme)][-1] / 1000


def line(samples: Sequence[Sample], at: int, width: int, origin: int | None) -> tuple[float, float] | None:
    """Slope per second of the least-squares line, and its value at `origin`, or at the first sample; None with fewer than two."""
    found = window(samples, at, width)
    if len(found) < 2:
        return None
    if not all(math.isfinite(value) for _, value in found):
        return math.nan, math.nan
    xs = [Fraction(time - (found[0][0] if origin is None else origin), 1000) for time, _ in found]
    ys = [Fraction(value) for _, value in found]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / sum((x - x_mean) ** 2 for x in xs)
    return float(slope), float(y_mean - slope * x_mean)


def smoothed(numbers: Sequence[float], smoothing: float, trend: float) -> float | None:
    """Holt's linear smoothing, level by level; None with fewer than two numbers."""
    if len(numbers) < 2:
        return None
    levels, slopes = [numbers[0]], [numbers[1] - numbers[0]]
    for one in numbers[1:]:
        if len(levels) > 1:
            slopes.append(trend * (levels[-1] - levels[-2]) + (1 - trend) * slopes[-1])
        levels.append(smoothing * one + (1 - smoothing) * (levels[-1] + slopes[-1]))
    return levels[-1]


def rate(samples: Sequence[Sample], at: int, width: int, *, counter: bool, per_second: bool) -> float | None:
    """Change over the window, extrapolated to its edges as Prometheus 3 does; None with fewer than two samples."""
    found = window(samples, at, width)
    if len(found) < 2:
        return None
    change = found[-1][1] - found[0][1]
    if counter:
        for (_, before), (_, after) in pairwise(found):
            if after < before:
                change += before
    sampled = (found[-1][0] - found[0][0]) / 1000
    average = sampled / (len(found) - 1)
    to_start = (found[0][0] - (at - width)) / 1000
    to_end = (at - found[-1][0]) / 1000
    if to_start >= 1.1 * average:
        to_start = average / 2
    if counter and change > 0 and found[0][1] >= 0:
        to_zero = sampled * (found[0][1] / change)
        to_start = min(to_start, to_zero)
    if to_end >= 1.1 * average:
        to_end = average / 2
    factor = (sampled + to_start + to_end) / sampled
    if per_second:
        factor /= width / 1000
    return change * factor


def instant_rate(samples: Sequence[Sample], at: int, width: int, *, counter: bool) -> float | None:
    """Change between the last two samples; None with fewer than two."""
    found = window(samples, at, width)
    if len(found) < 2:
        return None
    (earlier, before), (later, after) = found[-2:]
    if not counter:
        return after - before
    return (after if after < before else after - before) / ((later - earlier) / 1000)


def last(samples: Sequence[Sample], at: int, width: int, is_stale: Callable[[float], bool]) -> float | None:
    """The newest sample of the window; None where there is none or it is the stale marker."""
    found = window(samples, at, width)
    return None if not found or is_stale(found[-1][1]) else found[-1][1]


def between(low: Sample, high: Sample, at: int, *, counter: bool) -> float:
    """The value of a straight line from sample to sample; a counter that fell began again at 0."""
    begin = 0.0 if counter and high[1] < low[1] else low[1]
    return begin + (high[1] - begin) * (at - low[0]) / (high[0] - low[0])


def extended_change(seen: Sequence[Sample], begin: int, end: int, *, smoothed: bool, counter: bool) -> float | None:
    """The change from `begin` to `end` of a series of which samples around both are seen."""
    past = [one for one in seen if one[0] <= begin]
    inside = [one for one in seen if begin < one[0] < end]
    future = [one for one in seen if one[0] >= end]
    if not inside and not future:
        return None
    following = [*inside, *future][0]
    left = following[1]
    if past:
        exact = not smoothed or past[-1][0] == begin
        left = past[-1][1] if exact else between(past[-1], following, begin, counter=counter)
    right = (inside or future)[-1][1]
    if future:
        before = [*past, *inside]
        exact = future[0][0] == end or not before
        right = future[0][1] if exact else between(before[-1], future[0], end, counter=counter)
    path = [left, *values(inside), right]
    lost = sum(before for before, after in pairwise(path) if after < before) if counter else 0.0
    return right - left + lost


def line_value(seen: Sequence[Sample], at: int) -> float | None:
    """The value at an instant of the line through all samples, which is level after the last."""
    past, future = [one for one in seen if one[0] <= at], [one for one in seen if one[0] > at]
    if not past:
        return None
    exact = past[-1][0] == at or not future
    return past[-1][1] if exact else between(past[-1], future[0], at, counter=False)
