"""Random PromQL expressions over the metrics of material.py: of all forms, typed, and as trees that can be made smaller."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.conformance.material import BASE
from typing_extensions import override

from sightline.domain.timerange import Grid


class Kind(StrEnum):
    """What an expression gives. A bare selector is a vector that may have modifiers; a name says what is selected."""

    VECTOR = "vector"
    SCALAR = "scalar"
    STRING = "string"
    MATRIX = "matrix"


@dataclass(frozen=True)
class Expression:
    """Text with expressions in it."""

    kind: Kind
    parts: tuple["str | Expression", ...]

    @override
    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    def smaller(self) -> Iterator["Expression"]:
        """The expressions that are this one with less in it, the smallest first as a rule."""
        for part in self.parts:
            if isinstance(part, Expression):
                if part.kind == self.kind:
                    yield part
                yield from (one for one in part.inner() if one.kind == self.kind)
        if self.kind in _PLAIN and str(self) != _PLAIN[self.kind]:
            yield Expression(self.kind, (_PLAIN[self.kind],))
        for place, part in enumerate(self.parts):
            if isinstance(part, Expression):
                for less in part.smaller():
                    yield Expression(self.kind, (*self.parts[:place], less, *self.parts[place + 1 :]))
            elif part.startswith((" offset", " @")):
                yield Expression(self.kind, (*self.parts[:place], *self.parts[place + 1 :]))

    def inner(self) -> Iterator["Expression"]:
        """All expressions within this one."""
        for part in self.parts:
            if isinstance(part, Expression):
                yield part
                yield from part.inner()


_PLAIN: Final = {Kind.VECTOR: "requests_total", Kind.SCALAR: "1"}

_OF_RANGES: Final = """
    absent_over_time avg_over_time changes count_over_time delta deriv idelta irate last_over_time max_over_time min_over_time
    present_over_time resets stddev_over_time stdvar_over_time sum_over_time
"""
_OF_VALUES: Final = """
    abs ceil floor sqrt exp ln log2 log10 sgn deg rad sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
    round sort sort_desc absent timestamp
"""
_OF_TIME: Final = "minute hour day_of_week day_of_month day_of_year days_in_month month year"
_ARITHMETIC: Final = ("+", "-", "*", "/", "%", "^", "atan2")
_COMPARISONS: Final = ("==", "!=", ">", "<", ">=", "<=")


_SELECTORS: Final = (
    "requests_total",
    "requests_total",
    "temperature",
    'requests_total{code="200"}',
    'requests_total{code!="200",host="a"}',
    'requests_total{code=~"4..|5.."}',
    '{__name__=~"requests.*",host="b"}',
    "ticks_total",
    "temperature",
    'temperature{host!~"a|b"}',
    'temperature{room=""}',
    "replicas",
    'replicas{zone=~"[xy]"}',
    "limit",
    "owner",
    "lonely",
    "nothing",
    'nothing{host="a",host!="b",code=~"1"}',
    "extreme",
    'extreme{kind="infinite"}',
    "flapping",
    'flapping{host=~"a|c"}',
    "odd:labels",
    'odd:labels{path!~".*/.*"}',
    'odd:labels{path="C:\\\\x"}',
    'odd:labels{kind=~"(?i:a)|.."}',
    "latency_bucket",
    'latency_bucket{host="b",le!="+Inf"}',
    '{host="a",code=""}',
    '{__name__=~"limit|owner"}',
)
_STEADY: Final = (
    "requests_total",
    'requests_total{code="200"}',
    'requests_total{host="a"}',
    "limit",
    "lonely",
    "ticks_total",
)
_DIFFERING: Final = (
    "requests_total",
    'requests_total{host="a"}',
    "temperature",
    "ticks_total",
    "flapping",
    "odd:labels",
)
_BUCKETS: Final = ("latency_bucket", 'latency_bucket{host="a"}', 'latency_bucket{le!="+Inf"}', "size_bucket")
_MODIFIERS: Final = (
    " offset 1m",
    " offset -45s",
    f" @ {BASE // 1000 + 900}",
    f" @ {BASE // 1000 + 300}.5 offset -1m30s",
    " @ end()",
    " @ start() offset 30s",
    " offset 1m @ end()",
    " @ 0",
)
_RELABELLINGS: Final = {
    "label_replace": (
        '"first", "$1", "code", "(.).*"',
        '"code", "${2}-$1$$", "host", "(a|b)(.*)"',
        '"host", "", "code", "4.."',
        '"__name__", "x_$0", "host", ".+"',
        '"path", "$1", "path", "(.*)[/.].*"',
        '"x", "${name}!", "kind", "(?P<name>\\\\pL+)"',
        '"nope", "always", "nope", ""',
    ),
    "label_join": (
        '"both", "/", "host", "code", "team"',
        '"host", "", "code"',
        '"__name__", ":", "host"',
        '"none", "-"',
        '"path", "", "nope"',
    ),
}


WORDED: Final = (
    'sum("x")',
    "sum(1)",
    "sum(requests_total[5m])",
    "rate(requests_total)",
    "rate(requests_total[5m], 1)",
    "rate()",
    "abs(requests_total[5m])",
    "scalar(1)",
    "vector(requests_total)",
    "time(1)",
    "no_such_function(requests_total)",
    "clamp(requests_total, 1)",
    "histogram_quantile(requests_total, 0.5)",
    "topk(requests_total)",
    "quantile(requests_total)",
    "absent_over_time(requests_total)",
    "predict_linear(requests_total[5m])",
    'requests_total + "a"',
    '-"a"',
    "requests_total[5m] + 1",
    "-requests_total[5m]",
    "1 > 2",
    "requests_total + bool requests_total",
    "requests_total and bool requests_total",
    "requests_total + ignoring(host) group_right(",
    "{}",
    '{host=~".*"}',
    '{host=""}',
    "requests_total{host}",
    "requests_total[0s]",
    "requests_total[5m][5m]",
    "requests_total[5m:0s]",
    "requests_total[5m] offset",
    "requests_total @ middle()",
    "rate((requests_total)[5m])",
    "requests_total[1s1m]",
    "1 +",
    "(1",
    '"unfinished',
    "a.b",
    "$x",
    "requests_total{host='a",
    "sum(requests_total) by host",
    "label_replace(requests_total, 1, 2, 3, 4)",
    'label_replace(requests_total, "", "$1", "host", "(.*)")',
    'label_join(requests_total, "", "-", "host")',
    'label_replace(requests_total, "code", "same", "code", ".*")',
    "double_exponential_smoothing(requests_total[5m], 0, 0.5)",
    "double_exponential_smoothing(requests_total[5m], 0.5, 1.5)",
    "topk(1e30, requests_total)",
    "requests_total * on(host) limit",
    "limit * on(host) requests_total",
    "limit * on(host) group_left() requests_total",
    "sum by (host) (requests_total) by (host)",
    "topk(requests_total, requests_total)",
    'topk("1", requests_total)',
    "count_values(1, requests_total)",
    "1 and requests_total",
    "requests_total or 2",
    "1 + on(host) 2",
    "1 + on(host) requests_total",
    "requests_total and on(host) group_left() requests_total",
    "requests_total + on(host) group_left(host) requests_total",
    'requests_total{__name__="limit"}',
    "requests_total{host=1}",
    "requests_total offset 1m offset 2m",
    "requests_total @ 1 @ 2",
    "requests_total @ NaN",
    "requests_total @ Inf",
    "(requests_total + limit) offset 1m",
    "rate(requests_total[5m]) offset 1m",
    "1 2",
    "1)",
    "# nothing",
    '"\\q"',
    "0x",
    "sum without (host, (requests_total)",
    "by (host) (requests_total)",
    'label_replace(requests_total, "x", "$1", "host", "(")',
)
"""What is refused, by the parser or in the evaluation, in the same words."""
_WRONG: Final = (
    *WORDED,
    'requests_total{host=~"("}',
    "requests_total[5m:-1s]",
    "requests_total[-5m]",
    "requests_total[5]x",
    "",
    "1e",
    "bottomk(-1e30, requests_total)",
)
"""The same, and what 2 refuses in other words than 3, or at another place."""


class Expressions:
    """A source of expressions; equal seeds give equal ones."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)

    def _pick(self, *choices: str) -> str:
        return self._rng.choice(choices)

    def _any(self, *makers: Callable[[], Expression]) -> Expression:
        return self._rng.choice(makers)()

    def _is(self, share: float) -> bool:
        return self._rng.random() < share

    # Selectors

    def _name(self) -> Expression:
        return Expression(Kind.VECTOR, (self._pick(*_SELECTORS),))

    def _steady(self) -> Expression:
        """Finite values far from zero, which differ from series to series."""
        return Expression(Kind.VECTOR, (self._pick(*_STEADY),))

    def _modifier(self) -> str:
        return self._pick("", "", "", "", *_MODIFIERS)

    def selector(self, of: Callable[[], Expression] | None = None) -> Expression:
        """An instant selector, mostly without a modifier."""
        return Expression(Kind.VECTOR, ((of or self._name)(), self._modifier()))

    def _ranged(self, of: Callable[[], Expression] | None = None) -> Expression:
        width = self._pick("5s", "40s", "40s", "1m", "2m30s", "5m", "13m")
        return Expression(Kind.MATRIX, ((of or self._name)(), f"[{width}]", self._modifier()))

    def _subquery(self, inner: Expression) -> Expression:
        # A width of a millisecond more begins no window at an instant of another subquery.
        width = self._pick("40s1ms", "2m1ms", "3m30s1ms", "10m1ms")
        step = self._pick("", "7s", "13s", "30s", "1m", "1500ms", "45s")
        return Expression(Kind.MATRIX, ("(", inner, f")[{width}:{step}]", self._modifier()))

    # Numbers and strings

    def scalar(self, depth: int) -> Expression:
        """A number: a literal, the time, or what is made of numbers and vectors."""
        if depth <= 0 or self._is(0.5):
            text = self._pick(
                "0", "1", "-1", "2.5", "100", "1e3", "-0", "0x1F", "Inf", "-Inf", "NaN", "time()", "pi()", "1e30"
            )
            return Expression(Kind.SCALAR, (text,))
        if self._is(0.4):
            return Expression(Kind.SCALAR, ("scalar(", self.vector(depth - 1), ")"))
        if self._is(0.2):
            return Expression(Kind.SCALAR, ("-(", self.scalar(depth - 1), ")"))
        operator = self._pick(*_ARITHMETIC, *(f"{one} bool" for one in _COMPARISONS))
        sides = self.scalar(depth - 1), self.scalar(depth - 1)
        return Expression(Kind.SCALAR, ("(", sides[0], f") {operator} (", sides[1], ")"))

    # Functions

    def _range(self, depth: int) -> Expression:
        return self._subquery(self.vector(depth - 1)) if depth > 0 and self._is(0.4) else self._ranged()

    def _of_range(self, depth: int) -> Expression:
        """A function of a range vector."""
        if self._is(0.25):
            return Expression(Kind.VECTOR, (f"{self._pick('rate', 'increase')}(", self._ranged(self._steady), ")"))
        if self._is(0.1):
            return Expression(Kind.VECTOR, ("quantile_over_time(", self._share(depth), ", ", self._range(depth), ")"))
        if self._is(0.1):
            seconds = self._pick("60", "-7", "3600", "0", "time() - 1.7e9")
            return Expression(Kind.VECTOR, ("predict_linear(", self._ranged(self._steady), f", {seconds})"))
        if self._is(0.1):
            factors = f"{self._pick('0.1', '0.5', '0.9')}, {self._pick('0.3', '0.99')}"
            return Expression(
                Kind.VECTOR, ("double_exponential_smoothing(", self._ranged(self._steady), f", {factors})")
            )
        return Expression(Kind.VECTOR, (f"{self._pick(*_OF_RANGES.split())}(", self._range(depth), ")"))

    def _share(self, depth: int) -> Expression:
        if self._is(0.2):
            return self.scalar(depth - 1)
        return Expression(Kind.SCALAR, (self._pick("0", "0.01", "0.25", "0.5", "0.95", "1", "-0.1", "7", "NaN"),))

    def _of_vector(self, depth: int) -> Expression:
        """A function of an instant vector."""
        inner = self.vector(depth - 1)
        if self._is(0.1):
            bounds = (", ", self.scalar(depth - 1), ", ", self.scalar(depth - 1), ")")
            return Expression(Kind.VECTOR, ("clamp(", inner, *bounds))
        if self._is(0.15):
            name = self._pick("clamp_min", "clamp_max", "round")
            return Expression(Kind.VECTOR, (f"{name}(", inner, ", ", self.scalar(depth - 1), ")"))
        if self._is(0.1):
            return Expression(Kind.VECTOR, ("-(", inner, ")"))
        if self._is(0.1):
            return Expression(Kind.VECTOR, ("vector(", self.scalar(depth), ")"))
        return Expression(Kind.VECTOR, (f"{self._pick(*_OF_VALUES.split())}(", inner, ")"))

    def _moment(self, depth: int) -> Expression:
        """What time it is, or when a sample was."""
        if self._is(0.3):
            return Expression(Kind.VECTOR, ("timestamp(", self.selector(), ")"))
        inner = self._any(
            lambda: Expression(Kind.VECTOR, ("",)),
            lambda: Expression(Kind.VECTOR, ("timestamp(", self.selector(self._steady), ")")),
            lambda: Expression(Kind.VECTOR, ("vector(", self._pick("time() * 1.7", "-1e9", "951782400"), ")")),
            lambda: Expression(Kind.VECTOR, ("limit * 1e5",)),
        )
        return Expression(Kind.VECTOR, (f"{self._pick(*_OF_TIME.split())}(", inner, ")"))

    def _relabelled(self, depth: int) -> Expression:
        """Labels made from labels."""
        name = self._pick(*_RELABELLINGS)
        return Expression(Kind.VECTOR, (f"{name}(", self.vector(depth - 1), f", {self._pick(*_RELABELLINGS[name])})"))

    def _histogram(self, depth: int) -> Expression:
        """A quantile of classic buckets."""
        buckets = self._any(
            lambda: self.selector(lambda: Expression(Kind.VECTOR, (self._pick(*_BUCKETS),))),
            lambda: Expression(Kind.VECTOR, ("rate(latency_bucket[5m])",)),
            lambda: Expression(Kind.VECTOR, ("sum by (le) (latency_bucket)",)),
            self.selector,
        )
        return Expression(Kind.VECTOR, ("histogram_quantile(", self._share(depth), ", ", buckets, ")"))

    # Aggregations

    def _clause(self) -> str:
        return self._pick(
            "",
            " by (host)",
            " by (code)",
            " without (host)",
            " by (host, code)",
            " without ()",
            " by ()",
            " by (kind, nope)",
        )

    def _aggregation(self, depth: int) -> Expression:
        """An aggregation that folds."""
        clause = self._clause()
        if self._is(0.2):
            operator = self._pick("stddev", "stdvar")
            return Expression(Kind.VECTOR, (f"{operator}{clause} (", self.selector(), ")"))
        operator = self._pick("sum", "avg", "min", "max", "count", "group")
        inner = self.vector(depth - 1)
        if self._is(0.3):
            return Expression(Kind.VECTOR, (f"{operator} (", inner, f"){clause}"))
        return Expression(Kind.VECTOR, (f"{operator}{clause} (", inner, ")"))

    def _ranked(self, depth: int) -> Expression:
        """An aggregation that looks at the order of values, of which no two are equal."""
        clause = self._clause()
        if self._is(0.3):
            inner = self.vector(depth - 1)
            return Expression(Kind.VECTOR, (f"quantile{clause} (", self._share(depth), ", ", inner, ")"))
        if self._is(0.3):
            label = self._pick("value", "host", "code")
            return Expression(Kind.VECTOR, (f'count_values{clause} ("{label}", ', self.vector(depth - 1), ")"))
        count = self._pick("0", "1", "2", "2.9", "100", "-1", "scalar(lonely)", "time() % 4")
        name = Expression(Kind.VECTOR, (self._pick(*_DIFFERING),))
        inner = Expression(Kind.VECTOR, (name, "" if count.endswith((")", "4")) else self._modifier()))
        return Expression(Kind.VECTOR, (f"{self._pick('topk', 'bottomk')}{clause} ({count}, ", inner, ")"))

    # Operators

    def _with_number(self, depth: int) -> Expression:
        operator = self._pick(*_ARITHMETIC, *_COMPARISONS, *(f"{one} bool" for one in _COMPARISONS))
        sides = [self.vector(depth - 1), self.scalar(depth - 1)]
        self._rng.shuffle(sides)
        return self._nameless(operator, "(", sides[0], f") {operator} (", sides[1], ")")

    def _nameless(self, operator: str, *parts: str | Expression) -> Expression:
        """A binary operation; atan2 within a function that takes the name away, which 2 leaves there."""
        return Expression(Kind.VECTOR, ("abs(", *parts, ")") if operator == "atan2" else parts)

    def _combined(self, depth: int) -> Expression:
        matching = self._pick(
            "", "", " on(host)", " on(host)", " ignoring(code)", " on(host, code)", " ignoring(code, team)", " on()"
        )
        if self._is(0.3):
            operator = self._pick("and", "or", "unless")
        else:
            operator = self._pick(*_ARITHMETIC, *_COMPARISONS)
            operator += self._pick("", " bool") if operator in _COMPARISONS else ""
            if matching:
                matching += self._pick(
                    "", " group_left()", " group_right()", " group_left(team)", " group_right(team, room)"
                )
        left, right = self.vector(depth - 1), self.vector(depth - 1)
        return self._nameless(operator, "(", left, f") {operator}{matching} (", right, ")")

    def any(self, depth: int) -> Expression:
        """An expression of any kind, mostly an instant vector; now and then one that is wrong, or goes wrong."""
        kind = self._rng.random()
        if kind < 0.05:
            return self.scalar(depth)
        if kind < 0.08:
            return self._range(depth)
        if kind < 0.09:
            return Expression(Kind.STRING, (self._pick('"text"', "'ünï \\n'", "`a\\b`"),))
        if kind < 0.13:
            return Expression(Kind.VECTOR, (self._pick(*_WRONG),))
        return self.vector(depth)

    def vector(self, depth: int) -> Expression:
        """An instant vector, at most so deep."""
        if depth <= 0:
            return self._any(self.selector, lambda: self._of_range(0))
        return self._any(
            *(
                lambda make=make: make(depth)
                for make in (
                    self._of_range,
                    self._of_range,
                    self._aggregation,
                    self._aggregation,
                    self._with_number,
                    self._combined,
                    self._combined,
                    self._of_vector,
                    self._of_vector,
                    self._relabelled,
                    self._ranked,
                    self._histogram,
                    self._moment,
                )
            )
        )


def questions(seed: int, count: int, steps: int) -> Iterator[tuple[str, Grid]]:
    """Range queries of so many steps within the material; none looks at the range's own ends."""
    source, rng, asked = Expressions(seed), random.Random(seed), 0
    while asked < count:
        text = str(source.vector(asked % 4))
        if "start()" in text or "end()" in text:
            continue
        asked += 1
        start = BASE + 500 * rng.randrange(0, 3000)
        step = 1000 * rng.choice([1, 7, 45, 300])
        yield text, Grid(start, start + steps * step, step)
