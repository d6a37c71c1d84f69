"""Series as tests write them: `requests{job="api"}`, and values that expand, such as `1+2x3 _ stale`.

    1 2.5 -Inf NaN        samples, one an interval
    1+2x3                 1 3 5 7: a start, a step, how many more; `1-2x3` goes down, `1x3` stays
    _  _x3                no sample, once or three times
    stale                 the series ends
    {{schema:1 count:9 sum:20 z_bucket:1 z_bucket_w:0.1 offset:-1 buckets:[2 0 3] n_buckets:[3]}}
                          a native histogram, what is not said being 0; it takes a step and a count as numbers do

Source: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import BadData, MalformedQuery
from sightline.domain.labels import METRIC_NAME, Labels, Matchers, MatchOp
from sightline.domain.metrics.histogram_sums import sums
from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, Buckets, Histograms, ResetHint, together
from sightline.domain.metrics.samples import STALE, Values
from sightline.domain.promql.parse import parse_selector

MAX_VALUES: Final = 1_000_000
"""Values of one series, those that are missing included."""
MAX_BUCKETS: Final = 10_000
"""Buckets of one histogram, with those that are empty."""

_NUMBER: Final = r"(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|nan))"
_NATIVE: Final = r"\{\{[^{}]*\}\}"
_ITEM: Final = re.compile(
    rf"(?P<blank>_)(?:x(?P<blanks>[0-9]+))?|(?P<stale>stale)"
    rf"|(?P<start>[+-]?{_NUMBER})(?:(?P<step>[+-]{_NUMBER})?x(?P<more>[0-9]+))?"
    rf"|(?P<native>{_NATIVE})(?:(?:(?P<sign>[+-])(?P<added>{_NATIVE}))?x(?P<natives>[0-9]+))?"
)
_SPACE: Final = re.compile(r"\s*")
_FIELD: Final = re.compile(r"\s*([a-z_]+):(?:\[([^\]]*)\]|([^\s\[\]]+))")
_LEAST_INDEX, _GREATEST_INDEX = -(2**31), 2**31 - 1
_ONE: Final = ("schema", "sum", "count", "z_bucket", "z_bucket_w", "offset", "n_offset", "counter_reset_hint")
_MANY: Final = ("buckets", "n_buckets", "custom_values")


@dataclass(frozen=True, slots=True, eq=False)
class Noted:
    """What stands at n instants: values float64 (n,), the mark where there is a histogram, and there bool (n,).

    histograms: one for each mark.
    """

    values: Values
    there: NDArray[np.bool_]
    histograms: Histograms = NO_HISTOGRAMS


def read_labels(text: str) -> Labels:
    """The labels of a series as PromQL writes them; none at all is allowed.

    Raises:
        BadData: it is no series: not PromQL, a matcher other than `=`, or a label that is given twice.
    """
    text = text.strip()
    if text in {"", "{}"}:
        return Labels()
    found: dict[str, str] = {}
    for one in _matchers(text):
        if one.op is not MatchOp.EQUAL:
            raise BadData(f'{text[:100]!r} is no series: write labels with =, as up{{job="a"}}')
        if one.name in found:
            raise BadData(f"{text[:100]!r} is no series: the label {one.name} is given twice")
        found[one.name] = one.value
    return Labels.of(found)


def _matchers(text: str) -> Matchers:
    try:
        return parse_selector(text)
    except MalformedQuery as error:
        # PromQL does not select by empty values alone, which a series may well have.
        if text.startswith("{"):
            with suppress(MalformedQuery):
                return tuple(one for one in parse_selector(f"_{text}") if one.name != METRIC_NAME)
        raise BadData(f"{text[:100]!r} is no series: {error.message}") from None


def read_values(text: str, most: int = MAX_VALUES) -> Noted:
    """The values of a series. most: how many there may be.

    Raises:
        BadData: something that is no value, with its place; more values than that; histograms that cannot be added.
    """
    values: list[Values] = []
    there: list[NDArray[np.bool_]] = []
    histograms: list[Histograms] = []
    room = most
    for item in _items(text):
        count = _count(item, room, most)
        room -= count
        own = np.ones(count, np.bool_)
        if item["blank"]:
            own[:] = False
            values.append(np.zeros(count))
        elif item["stale"]:
            values.append(np.array([STALE]))
        elif item["start"]:
            steps = np.full(count, float(item["step"] or 0))
            steps[0] = float(item["start"])
            values.append(np.cumsum(steps) if item["step"] else np.full(count, steps[0]))
        else:
            values.append(np.full(count, MARK))
            histograms.append(_natives(item, count))
        there.append(own)
    return Noted(
        np.concatenate([np.empty(0), *values]), np.concatenate([np.empty(0, np.bool_), *there]), together(histograms)
    )


def read_histogram(text: str) -> Histograms:
    """One native histogram in double braces.

    Raises:
        BadData: it is none.
    """
    if not re.fullmatch(_NATIVE, text.strip()):
        raise BadData(f"{text[:100]!r} is no histogram: write one as {{{{count:2 sum:3 buckets:[1 1]}}}}")
    return _native(text.strip())


def _items(text: str) -> Iterator[re.Match[str]]:
    at = _end(_SPACE.match(text))
    while at < len(text):
        item = _ITEM.match(text, at)
        after = _end(_SPACE.match(text, _end(item))) if item else at
        if item is None or (after == item.end() and after < len(text)):
            raise BadData(
                f"character {at + 1}: {text[at : at + 40].split(maxsplit=1)[0]!r} is no value:"
                " write 1, 1+2x3, 1x3, _, _x3, stale or {{...}}, with blanks between them"
            )
        yield item
        at = after


def _end(found: re.Match[str] | None) -> int:
    return 0 if found is None else found.end()


def _count(item: re.Match[str], room: int, most: int) -> int:
    """How many values an item stands for."""
    digits = item["blanks"] or item["more"] or item["natives"]
    count = 1
    if digits is not None:
        count = most + 1 if len(digits) > len(str(most)) else int(digits) + (not item["blank"])
    if count > room:
        raise BadData(f"more than {most} values: write fewer, or a longer interval")
    return count


def _natives(item: re.Match[str], count: int) -> Histograms:
    """So many histograms, each with one step more than the one before."""
    first = _native(item["native"])
    if not item["added"]:
        return first.take(np.zeros(count, np.int64))
    pool = together([first, _native(item["added"])])
    members = np.append(0, np.tile([0, 1], count - 1)).astype(np.int64)
    offsets = np.append(0, np.arange(1, 2 * count, 2)).astype(np.int64)
    weights = np.ones(len(members))
    weights[2::2] = np.arange(1, count) * (-1.0 if item["sign"] == "-" else 1.0)
    found = sums(pool, members, offsets, weights)
    if found.is_mixed.any():
        raise BadData(f"{item[0][:100]!r}: buckets of schema -53 do not go with others")
    return replace(found.histograms, reset=np.full(count, first.reset[0], np.uint8))


def _native(text: str) -> Histograms:
    """A histogram as it is written."""
    fields = _fields(text)

    def one(name: str) -> float:
        return _number(name, fields.get(name, "0"))

    def whole(name: str) -> int:
        value = one(name)
        if not (value.is_integer() and _LEAST_INDEX <= value <= _GREATEST_INDEX):
            raise BadData(f"{name}:{fields[name]} of a histogram is not a whole number")
        return int(value)

    def buckets(name: str, offset: str) -> Buckets:
        counts = np.array([_number(name, word) for word in fields.get(name, "").split()], np.float64)
        begin = whole(offset)
        if len(counts) > MAX_BUCKETS or begin + len(counts) > _GREATEST_INDEX:
            raise BadData(f"{name} of a histogram are more than {MAX_BUCKETS}, or end too far out: write fewer")
        kept = np.flatnonzero(counts)
        return Buckets(np.array([0, len(kept)]), (begin + kept).astype(np.int32), counts[kept])

    hint = fields.get("counter_reset_hint", "unknown")
    if hint.upper() not in ResetHint.__members__ or hint != hint.lower():
        raise BadData(f"counter_reset_hint:{hint[:40]} is none of unknown, reset, not_reset, gauge")
    schema = whole("schema")
    if abs(schema) > np.iinfo(np.int8).max:
        raise BadData(f"schema:{schema} is no schema of a histogram: write -4 to 8, or -53 with custom_values")
    custom = np.array([_number("custom_values", word) for word in fields.get("custom_values", "").split()], np.float64)
    return Histograms(
        np.array([schema], np.int8),
        np.array([ResetHint[hint.upper()]], np.uint8),
        np.array([one("z_bucket_w")]),
        np.array([one("z_bucket")]),
        np.array([one("count")]),
        np.array([one("sum")]),
        buckets("buckets", "offset"),
        buckets("n_buckets", "n_offset"),
        np.array([0, len(custom)]),
        custom,
    )


def _fields(text: str) -> dict[str, str]:
    inner, at, found = text[2:-2].rstrip(), 0, dict[str, str]()
    while at < len(inner):
        field = _FIELD.match(inner, at)
        if field is None or field[1] not in (_ONE if field[2] is None else _MANY) or field[1] in found:
            raise BadData(
                f"{inner[at : at + 40].strip()!r} is no field of a histogram, or it is given twice: there are"
                f" {', '.join(_ONE)} with one value each, and {', '.join(_MANY)} with lists as [1 2]"
            )
        found[field[1]] = field[3] if field[2] is None else field[2]
        at = field.end()
    return found


def _number(name: str, word: str) -> float:
    if not re.fullmatch(rf"[+-]?{_NUMBER}", word):
        raise BadData(f"{word[:40]!r} is no number, in {name} of a histogram")
    return float(word)
