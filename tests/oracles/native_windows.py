"""Functions of one window that holds floats and native histograms: sample by sample, as Prometheus goes through them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tests.oracles.native_arithmetic import MixedError, times, total, was_reset
from tests.oracles.native_histogram import Native, Value

from sightline.domain.metrics.native_histograms import CUSTOM_SCHEMA, ResetHint

Point = tuple[int, Value]


def over(function: str, window: Sequence[Point], begin: int, end: int) -> Value | None:  # noqa: PLR0911 - a rule each
    """The value of a function of the points in (begin, end], ms; None where it gives none."""
    values = [value for _, value in window]
    if not values:
        return None
    kinds = {isinstance(value, Native) for value in values}
    if function in {"changes", "resets"}:
        return float(sum(_happens(function, a, b) for a, b in pairwise(values)))
    if function in {"first_over_time", "last_over_time"}:
        return values[0 if function.startswith("first") else -1]
    if function == "count_over_time":
        return float(len(values))
    if function in {"irate", "idelta"}:
        return _of_last_two(function, window[-2:])
    if len(kinds) > 1:
        return None
    try:
        if function in {"sum_over_time", "avg_over_time"}:
            return _mean(values, is_sum=function == "sum_over_time")
        return _rate(function, window, begin, end)
    except MixedError:
        return None


def _happens(function: str, before: Value, after: Value) -> bool:
    if isinstance(before, Native) != isinstance(after, Native):
        return True
    if isinstance(before, Native) and isinstance(after, Native):
        same = replace(before, reset=after.reset) == after
        return was_reset(before, after) if function == "resets" else not same
    return float(after) < float(before) if function == "resets" else before != after  # type: ignore[arg-type]


def _mean(values: Sequence[Value], *, is_sum: bool) -> Value:
    natives = [value for value in values if isinstance(value, Native)]
    if natives:
        found = total([(one, 1.0) for one in natives])
        return found if is_sum else times(found, 1 / len(natives))
    numbers = [value for value in values if not isinstance(value, Native)]
    return sum(numbers) if is_sum else sum(numbers) / len(numbers)


def _of_last_two(function: str, window: Sequence[Point]) -> Value | None:
    if len(window) < 2:
        return None
    (begin, a), (end, b) = window
    seconds = (end - begin) / 1000
    if isinstance(a, Native) and isinstance(b, Native):
        if function == "irate" and was_reset(a, b):
            found = b
        else:
            try:
                found = total([(b, 1.0), (a, -1.0)])
            except MixedError:
                return None
        found = replace(found, reset=ResetHint.GAUGE)
        return times(found, 1 / seconds) if function == "irate" else found
    if isinstance(a, Native) or isinstance(b, Native):
        return None
    if function == "idelta":
        return b - a
    return (b if b < a else b - a) / seconds


def _rate(function: str, window: Sequence[Point], begin: int, end: int) -> Value | None:
    natives = [value for _, value in window if isinstance(value, Native)]
    if len(window) < 2:
        return None
    counter = function != "delta"
    if natives:
        change: Value = _change(natives, counter=counter)
        first, rise = natives[0].count, change.count if isinstance(change, Native) else 0.0
    else:
        numbers = [float(value) for _, value in window if not isinstance(value, Native)]
        change = numbers[-1] - numbers[0] + sum(a for a, b in pairwise(numbers) if counter and b < a)
        first, rise = numbers[0], change
    span = (window[-1][0] - window[0][0]) / 1000
    average = span / (len(window) - 1)
    to_start, to_end = (window[0][0] - begin) / 1000, (end - window[-1][0]) / 1000
    to_start = average / 2 if to_start >= average * 1.1 else to_start
    to_end = average / 2 if to_end >= average * 1.1 else to_end
    if counter and rise > 0 and first >= 0:
        to_start = min(to_start, span * first / rise)
    factor = (span + to_start + to_end) / span
    if function == "rate":
        factor /= (end - begin) / 1000
    return replace(times(change, factor), reset=ResetHint.GAUGE) if isinstance(change, Native) else change * factor


def _change(natives: Sequence[Native], *, counter: bool) -> Native:
    first, *rest = natives
    anew = counter and was_reset(first, rest[0])
    members = [(rest[-1], 1.0)] if anew else [(rest[-1], 1.0), (first, -1.0)]
    looked_at = [rest[-1], *([] if anew else [first])]
    if counter:
        looked_at += rest
        members += [(a, 1.0) for a, b in pairwise(rest) if was_reset(a, b)]
    if len({one.schema == CUSTOM_SCHEMA for one in looked_at}) > 1:
        raise MixedError
    # What lies between the first and the last one makes the result coarser even where it is not added.
    found = total(members)
    least = min(one.schema for one in looked_at)
    return found if least == found.schema else coarsened(found, least)


def coarsened(one: Native, schema: int) -> Native:
    """The histogram at a lower schema."""
    empty = Native(schema=schema, reset=one.reset, custom=one.custom, zero_threshold=one.zero_threshold)
    return total([(one, 1.0), (empty, 1.0)])
