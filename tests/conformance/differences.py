"""What Prometheus 3, whose semantics are ours, does otherwise than Prometheus 2.42, which Debian has: all of it, by name.

Most of it is kept from showing by what is asked (expressions.py) and of what data (material.py):

- Ranges, subqueries and lookbacks are open on the left in 3: no sample and no instant of a subquery lies where one begins.
- Counters are extrapolated to where they reach zero only within the window in 3: rates are asked of counters far above zero.
- The result of atan2 has no name in 3: it is taken away in 2 too.
- A dot matches a line break in 3, labels and what label_replace makes may have any name: none of that is asked for.
- Annotations, fill modifiers, and functions and aggregations that came with 3 are not in 2: tests/conformance/*.test hold those.
- Of equal elements topk keeps any, and an instant that is no number has any date: neither is asked for.

What remains is in ALLOWED. And values may differ by rounding, where they are made in one of the ROUNDED ways.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.conformance.servers import Answer

_RENAMED: Final = {"double_exponential_smoothing": "holt_winters"}
"""Functions by their names in 3, and in 2."""

DURATIONS: Final = ("duration", "number, duration, step(), or range()")
"""What an error says may stand in place of a duration, in 2 and in 3."""

ROUNDED: Final = {
    r"\b(sum|avg|stddev|stdvar)\b": "2 neither compensates sums nor adds in our order",
    r"\bavg_over_time\b": "2 has a running mean, 3 the sum divided by the count",
    r"\b(exp|ln|log2|log10|a?(sin|cos|tan)h?|atan2)\b|\^": "Go's own approximations differ from those of the C library",
    r"\(rate\(latency_bucket": "3 takes counts that differ by rounding for equal ones",
}
"""Where results agree to 12 digits or to 1e-9, and why; everywhere else they are equal to the last bit."""


def in_2(text: str) -> str:
    """An expression with the names of 2."""
    for name, earlier in _RENAMED.items():
        text = text.replace(name, earlier)
    return text


@dataclass(frozen=True)
class Asked:
    """An expression and the answers to it: 2's and ours."""

    text: str
    theirs: Answer
    ours: Answer

    def has(self, pattern: str) -> bool:
        """Whether the expression has this in it."""
        return re.search(pattern, self.text) is not None

    def unequal(self) -> list[tuple[float, float]]:
        """The values that stand in the same places of both answers and differ."""
        return [
            (value, self.ours.rows[labels][at])
            for labels, own in self.theirs.rows.items()
            for at, value in own.items()
            if value != self.ours.rows.get(labels, {}).get(at, value)
        ]


_EXTREME: Final = r'extreme(?!\{kind="infinite"\})|code=""'
_GROWS: Final = r"\b(sin|cos|tan|floor|ceil|round|sgn|changes|resets|exp|count_values)\b|%|[<>]|[=!]="
_TWICE: Final = "vector cannot contain metrics with the same labelset"


def is_rounded(asked: Asked) -> bool:
    """Whether values of the expression may differ by rounding."""
    return any(asked.has(pattern) for pattern in ROUNDED)


def _fails_by_count(asked: Asked) -> bool:
    return asked.theirs.text.startswith("Scalar value")


ALLOWED: Final[dict[str, Callable[[Asked], bool]]] = {
    "a window that @ fixed and a number that moves: 2 moves the window as well": lambda asked: asked.has(
        r"(predict_linear|quantile_over_time)\(.*@"
    ),
    "an aggregation by a number that moves, of what @ fixed: Prometheus takes the number of the first instant": lambda asked: (
        asked.has(r"\bquantile\b.*@")
    ),
    "timestamp of a selector with @ and offset: Prometheus forgets the offset": lambda asked: asked.has(
        r"timestamp\(.*(@.*offset|offset.*@)"
    ),
    "atan2 of several metrics: 2 keeps their names and fails in other words": lambda asked: (
        asked.has("atan2") and asked.theirs.text == _TWICE and asked.ours.is_error
    ),
    "a NaN as the count of topk: 3 has words of its own": lambda asked: (
        _fails_by_count(asked) and "NaN" in asked.theirs.text and asked.ours.text == "Parameter value is NaN"
    ),
    "a count below -2^63: nothing in 3": lambda asked: _fails_by_count(asked) and asked.has(r"-1e30|-Inf"),
    "series that become equal at different instants: one series here, where Prometheus fails in some functions": lambda asked: (
        asked.theirs.text == _TWICE and not asked.ours.is_error
    ),
    "two results of which a comparison leaves one out: too many in 3": lambda asked: (
        not asked.theirs.is_error
        and asked.ours.text.startswith("multiple matches for labels")
        and asked.has(r"[<>]|[=!]=")
    ),
    "means of huge values that cancel out: 2 has a running mean, whose rounding is all that is left": lambda asked: (
        asked.has(r"\bavg(_over_time)?\b") and asked.has(_EXTREME)
    ),
    "roundings that grow, in what is periodic or has steps, or become labels": lambda asked: (
        is_rounded(asked) and not asked.theirs.is_error and not asked.ours.is_error and asked.has(_GROWS)
    ),
    "sums that overflow: 2 compensates them with NaN": lambda asked: (
        asked.has(r"deriv|predict_linear|(stddev|stdvar|sum)_over_time")
        and asked.has(_EXTREME)
        and all(math.isnan(theirs) for theirs, _ in asked.unequal())
    ),
    "stddev and stdvar with infinities: 2 has 0 of a single one": lambda asked: (
        asked.has(r"\b(stddev|stdvar)\b") and all(math.isnan(ours) for _, ours in asked.unequal())
    ),
    "logarithms and powers of denormals: Go's are wrong on this processor": lambda asked: (
        asked.has(r"\b(ln|log2|log10)\b|\^") and asked.has(_EXTREME)
    ),
}
"""The differences that remain: what it is, and whether the answers to an expression may differ because of it."""


def explained(asked: Asked) -> bool:
    """Whether the answers may differ as they do."""
    return any(allows(asked) for allows in ALLOWED.values())
