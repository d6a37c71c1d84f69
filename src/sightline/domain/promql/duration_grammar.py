"""The grammar of durations: literals, and what Prometheus calls duration expressions."""

from dataclasses import replace
from typing import Final

from sightline.domain.promql.durations import milliseconds as whole_milliseconds
from sightline.domain.promql.lexer import Kind
from sightline.domain.promql.nodes import Duration
from sightline.domain.promql.reader import Reader
from sightline.domain.promql.signatures import PRECEDENCE, UNARY

ARITHMETIC: Final = frozenset("+-*/%^")
"""The operators of durations."""
EXPECTED: Final = "number, duration, step(), or range()"
"""What may stand where a duration has to, in the words of messages."""

_WORDS: Final = frozenset({"step", "range"})
_FOLDS: Final = frozenset({"min", "max", "min_of", "max_of"})
_BY_ZERO: Final = {"/": "division by zero", "%": "modulo by zero"}
_LONGEST: Final = 2.0**63 / 10**9  # seconds


class DurationReader(Reader):
    """Reads durations."""

    def _positive_duration(self) -> tuple[int, Duration | None]:
        """Read a width or step: ms, or an expression for it."""
        position = self._next.position
        found = self._duration(0)
        if isinstance(found, Duration):
            return 0, found
        if not found > 0:
            self._fail_later(position, "duration must be greater than 0")
        return max(1, whole_milliseconds(found)), None

    def _offset_duration(self) -> tuple[int, Duration | None]:
        """Read an offset: operators in it need parentheses, for others are of the expression around it."""
        sign = self._next
        self._take_if("-", "+")
        found = self._duration_primary()
        if sign.text == "-":
            found = Duration("-", None, found) if isinstance(found, Duration) else -found
        return (0, found) if isinstance(found, Duration) else (whole_milliseconds(found), None)

    def _duration(self, least: int) -> float | Duration:
        left = self._duration_signed()
        while (binds := PRECEDENCE.get(self._next.word, 0)) > least and self._next.text in ARITHMETIC:
            operator = self._take()
            right = self._duration(binds - 1 if operator.text == "^" else binds)
            if right == 0 and operator.text in _BY_ZERO:
                self._fail_later(operator.position, _BY_ZERO[operator.text])
            left = Duration(operator.text, left, right)
        return left

    def _duration_signed(self) -> float | Duration:
        sign = self._next
        if not self._take_if("-", "+"):
            return self._duration_primary()
        inner = self._duration(UNARY - 1)
        if sign.text == "+":
            return inner
        return Duration("-", None, inner) if isinstance(inner, Duration) else type(inner)(-inner)

    def _duration_primary(self) -> float | Duration:
        token = self._next
        if token.kind in {Kind.NUMBER, Kind.DURATION}:
            value = self._number()
            if not abs(value) <= _LONGEST:
                self._fail(token.position, "duration out of range")
            return value
        if self._take_if(*_WORDS):
            self._require("(")
            self._require(")")
            return Duration(token.word)
        if self._take_if(*_FOLDS):
            self._require("(")
            left = self._duration(0)
            self._require(",")
            right = self._duration(0)
            self._require(")")
            return Duration(token.word, left, right)
        self._require("(")
        inner = self._duration(0)
        self._require(")")
        if isinstance(inner, Duration):
            return replace(inner, in_parentheses=True)
        return Duration("+", None, inner, in_parentheses=True)
