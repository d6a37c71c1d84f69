"""What becomes of native histograms, one at a time and bucket by bucket, in exact fractions of observations where that matters."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracles.native_histogram import Native

from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, ResetHint


@dataclass(frozen=True)
class Range:
    """A bucket with its bounds."""

    lower: float
    upper: float
    count: float


class MixedError(Exception):
    """Exponential and custom buckets."""


def bound(index: int, schema: int) -> float:
    """The upper bound of an exponential bucket."""
    exponent = Fraction(index) / Fraction(2) ** schema
    if exponent == 1024:
        return math.ldexp(math.nextafter(1.0, 0.0), 1024)
    return math.inf if exponent > 1024 else 2.0 ** float(exponent)


def buckets(one: Native) -> list[Range]:
    """All buckets from the lowest to the highest."""
    found = []
    if one.schema == CUSTOM_SCHEMA:
        edges = [-math.inf, *one.custom, math.inf]
        return [Range(edges[j], edges[j + 1], one.positive[j]) for j in sorted(one.positive)]
    for j in sorted(one.negative, reverse=True):
        near = max(bound(j - 1, one.schema), one.zero_threshold)
        found.append(Range(-bound(j, one.schema), -near, one.negative[j]))
    if one.zero_count > 0:
        found.append(Range(-one.zero_threshold, one.zero_threshold, one.zero_count))
    for j in sorted(one.positive):
        near = max(bound(j - 1, one.schema), one.zero_threshold)
        found.append(Range(near, bound(j, one.schema), one.positive[j]))
    return found


def coarser(one: Native, schema: int) -> Native:
    """The histogram with the buckets of a lower schema."""

    def merged(own: Mapping[int, float]) -> dict[int, float]:
        found: dict[int, float] = {}
        for index, count in own.items():
            wide = math.ceil(Fraction(index) / 2 ** (one.schema - schema))
            found[wide] = found.get(wide, 0.0) + count
        return found

    return replace(one, schema=schema, positive=merged(one.positive), negative=merged(one.negative))


def widened(one: Native, threshold: float) -> Native:
    """The histogram with a wider zero bucket; wider than asked where that would end within another bucket."""
    if one.zero_threshold >= threshold:
        return one
    while True:
        zero, reach = one.zero_count, threshold
        kept: list[dict[int, float]] = [{}, {}]
        for own, rest in zip((one.positive, one.negative), kept, strict=True):
            for index, count in own.items():
                if bound(index - 1, one.schema) < threshold:
                    zero += count
                    reach = max(reach, bound(index, one.schema))
                else:
                    rest[index] = count
        if reach == threshold:
            return replace(one, zero_threshold=threshold, zero_count=zero, positive=kept[0], negative=kept[1])
        threshold = reach


def rebound(one: Native, custom: tuple[float, ...]) -> Native:
    """The histogram with some of its custom bounds alone."""
    found: dict[int, float] = {}
    for index, count in one.positive.items():
        upper = one.custom[index] if index < len(one.custom) else math.inf
        wide = next((j for j, edge in enumerate(custom) if edge >= upper), len(custom))
        found[wide] = found.get(wide, 0.0) + count
    return replace(one, positive=found, custom=custom)


def total(members: Iterable[tuple[Native, float]]) -> Native:
    """The sum of histograms, each times its weight."""
    every = list(members)
    schemas = {one.schema for one, _ in every}
    if CUSTOM_SCHEMA in schemas and len(schemas) > 1:
        raise MixedError
    custom = tuple(sorted(set.intersection(*(set(one.custom) for one, _ in every))))
    threshold = 0.0
    while True:
        wide = [one if one.schema == CUSTOM_SCHEMA else widened(one, threshold) for one, _ in every]
        reach = max([threshold, *(one.zero_threshold for one, _ in every), *(one.zero_threshold for one in wide)])
        if reach == threshold:
            break
        threshold = reach
    least = min(schemas)
    same = [rebound(one, custom) if one.schema == CUSTOM_SCHEMA else coarser(one, least) for one in wide]
    weights = [weight for _, weight in every]

    def added(columns: list[Mapping[int, float]]) -> dict[int, float]:
        indexes = sorted({index for own in columns for index in own})
        sums = {
            index: math.fsum(own.get(index, 0.0) * weight for own, weight in zip(columns, weights, strict=True))
            for index in indexes
        }
        return {index: count for index, count in sums.items() if count != 0}

    return Native(
        schema=least,
        count=math.fsum(one.count * weight for one, weight in zip(same, weights, strict=True)),
        sum=math.fsum(one.sum * weight for one, weight in zip(same, weights, strict=True)),
        zero_threshold=threshold,
        zero_count=math.fsum(one.zero_count * weight for one, weight in zip(same, weights, strict=True)),
        positive=added([one.positive for one in same]),
        negative=added([one.negative for one in same]),
        custom=custom,
        reset=_hint({one.reset for one, _ in every}),
    )


def _hint(hints: set[ResetHint]) -> ResetHint:
    if ResetHint.GAUGE in hints:
        return ResetHint.GAUGE
    return next(iter(hints)) if len(hints) == 1 else ResetHint.UNKNOWN


def times(one: Native, factor: float) -> Native:
    """The histogram times a number."""

    def product(own: Mapping[int, float]) -> dict[int, float]:
        return {index: count * factor for index, count in own.items() if count * factor != 0}

    return replace(
        one,
        count=one.count * factor,
        sum=one.sum * factor,
        zero_count=one.zero_count * factor,
        positive=product(one.positive),
        negative=product(one.negative),
        reset=ResetHint.GAUGE if factor < 0 else one.reset,
    )


def was_reset(before: Native, after: Native) -> bool:
    """Whether a histogram counts anew."""
    if after.reset in {ResetHint.RESET, ResetHint.NOT_RESET}:
        return after.reset is ResetHint.RESET
    if after.count < before.count:
        return True
    if (after.schema == CUSTOM_SCHEMA) != (before.schema == CUSTOM_SCHEMA) or after.schema > before.schema:
        return True
    if after.zero_threshold < before.zero_threshold:
        return True
    if after.schema == CUSTOM_SCHEMA:
        common = tuple(sorted(set(before.custom) & set(after.custom)))
        before, after = rebound(before, common), rebound(after, common)
    else:
        before = widened(before, after.zero_threshold)
        if before.zero_threshold != after.zero_threshold or after.zero_count < before.zero_count:
            return True
        before = coarser(before, after.schema)
    pairs = ((before.positive, after.positive), (before.negative, after.negative))
    return any(later.get(index, 0.0) < count for earlier, later in pairs for index, count in earlier.items())


def quantile(q: float, one: Native) -> float:
    """The q-quantile, found by going through the buckets from the end that is nearer; between two that touch not, that decides."""
    if math.isnan(q):
        return math.nan
    if not 0 <= q <= 1:
        return math.copysign(math.inf, q)
    if not one.count:
        return math.nan
    is_upwards = q < 1 / 2 or math.isnan(one.sum)
    rank, seen = (q if is_upwards else 1 - q) * one.count, 0.0
    every = buckets(one) if is_upwards else buckets(one)[::-1]
    for number, its in enumerate(every):
        if seen + its.count >= rank or number == len(every) - 1:
            share = (rank - seen) / its.count
            return _inside(its, share if is_upwards else 1 - share, one)
        seen += its.count
    raise AssertionError


def _inside(its: Range, share: float, one: Native) -> float:
    lower, upper = its.lower, its.upper
    if one.schema == CUSTOM_SCHEMA:
        if lower == -math.inf:
            if upper <= 0:
                return upper
            return upper * share  # without any bound at all that is infinite, or no number
        return lower if upper == math.inf else lower + (upper - lower) * share
    if lower <= 0 <= upper:
        lower, upper = around_zero(its, one)
        return lower + (upper - lower) * share
    if lower > 0:
        return float(lower * (upper / lower) ** share)
    return float(upper * (lower / upper) ** (1 - share))


def around_zero(its: Range, one: Native) -> tuple[float, float]:
    """The bounds of a zero bucket, which ends at zero where all other buckets lie on one side."""
    lower = 0.0 if one.positive and not one.negative else its.lower
    upper = 0.0 if one.negative and not one.positive else its.upper
    return lower, upper


def fraction(low: float, high: float, one: Native) -> float:
    """The share of the observations between two values."""
    if not one.count or math.isnan(low) or math.isnan(high):
        return math.nan
    return 0.0 if low >= high else (_below(high, one) - _below(low, one)) / one.count


def _below(limit: float, one: Native) -> float:
    seen = 0.0
    for its in buckets(one):
        if its.lower >= limit:
            return seen
        if its.upper <= limit:
            seen += its.count
        else:
            return min(seen + its.count * _share(limit, its, one), sum(each.count for each in buckets(one)))
    return seen


def _share(limit: float, its: Range, one: Native) -> float:
    if one.schema == CUSTOM_SCHEMA or its.lower <= 0 <= its.upper:
        if its.lower == -math.inf:
            return 1.0
        lower, upper = (its.lower, its.upper) if one.schema == CUSTOM_SCHEMA else around_zero(its, one)
        return min(max((limit - lower) / (upper - lower), 0.0), 1.0)
    return math.log(limit / its.lower) / math.log(its.upper / its.lower)
