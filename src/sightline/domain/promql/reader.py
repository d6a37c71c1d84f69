"""The tokens of a query, read from left to right."""

from collections.abc import Sequence
from typing import NoReturn

from sightline.domain.errors import BadData
from sightline.domain.promql.lexer import Kind, Token, malformed
from sightline.domain.promql.literals import milliseconds, number
from sightline.domain.promql.nodes import InUnits
from sightline.domain.timerange import SECOND


class Unexpected(Exception):
    """A token that cannot stand where it is."""


class Reader:
    """Where the reading is, and the error for what cannot stand there."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._index = 0

    def _require_end(self) -> None:
        if self._next.kind is not Kind.END:
            raise Unexpected

    @property
    def _next(self) -> Token:
        token = self._tokens[self._index]
        if token.kind is Kind.ERROR:
            raise malformed(self._text, token.position, token.text)
        return token

    def _after_next(self) -> Token:
        return self._tokens[min(self._index + 1, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._next
        self._index += token.kind is not Kind.END
        return token

    def _take_if(self, *words: str) -> bool:
        found = self._next.word in words
        self._index += found
        return found

    def _require(self, word: str) -> None:
        if not self._take_if(word):
            raise Unexpected

    def _fail(self, position: int, reason: str) -> NoReturn:
        raise malformed(self._text, position, reason)

    def _fail_later(self, position: int, reason: str) -> NoReturn:
        """Refuse what Prometheus refuses only when it has read the next token: if that cannot be read, it is told instead."""
        _ = self._next
        self._fail(position, reason)

    def _unexpected(self, where: str, expected: str = "") -> NoReturn:
        """Refuse the next token."""
        reason = f"unexpected {self._next.described()}"
        reason += f" in {where}" if where else ""
        reason += f", expected {expected}" if expected else ""
        self._fail(self._next.position, reason)

    def _number(self) -> float:
        """Read a number or duration: its value, or how many seconds."""
        token = self._take()
        try:
            return InUnits(milliseconds(token.text) / SECOND) if token.kind is Kind.DURATION else number(token.text)
        except BadData as error:
            self._fail(token.position, error.message)

    def _signed_number(self) -> float:
        """Read a number or duration that may have a sign."""
        sign = self._next.text
        self._take_if("-", "+")
        if self._next.kind not in {Kind.NUMBER, Kind.DURATION}:
            raise Unexpected
        value = self._number()
        return -value if sign == "-" else value
