"""Text to tokens, with positions, by the lexical rules of PromQL (Prometheus 3).

It runs before the parser proper: the parser gives no positions, and it recurses on the machine's stack, which deep nesting
overflows; the tokens bound that before it starts.
"""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from sightline.domain.errors import MalformedQuery


class Kind(StrEnum):
    """The kinds of token."""

    NUMBER = "number"
    DURATION = "duration"
    IDENTIFIER = "identifier"
    STRING = "string"
    OPERATOR = "operator"
    PUNCTUATION = "punctuation"
    END = "end of input"


class Token(NamedTuple):
    """One token: its kind, its text as written, and the index of its first character in the query."""

    kind: Kind
    text: str
    position: int

    @property
    def word(self) -> str:
        """The text as keywords and punctuation are compared: identifiers in lower case."""
        return self.text.lower() if self.kind is Kind.IDENTIFIER else self.text


_DURATION: Final = r"(?:[0-9]+(?:ms|[smhdwy]))+"
_NUMBER: Final = r"0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_COMMON: Final = rf"""
    (?P<skip>[ \t\r\n]+|\#[^\n]*)
  | (?P<duration>{_DURATION})(?![0-9A-Za-z_.])
  | (?P<number>{_NUMBER})(?![0-9A-Za-z_.])
  | (?P<string>"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`)
  | (?P<operator>=~|!~|==|!=|<=|>=|[-+*/%^<>=])
"""
_OUTSIDE: Final = re.compile(
    _COMMON + r"| (?P<identifier>[A-Za-z_:][A-Za-z0-9_:]*) | (?P<punctuation>[(){}\[\],@])", re.VERBOSE
)
# Within brackets a colon separates range and step; elsewhere it is part of a metric name.
_BRACKETS: Final = re.compile(
    _COMMON + r"| (?P<identifier>[A-Za-z_][A-Za-z0-9_]*) | (?P<punctuation>[(){}\[\],@:])", re.VERBOSE
)
_WORD: Final = re.compile(r"[0-9A-Za-z_.]+")
_CLOSES: Final = {")": "(", "]": "[", "}": "{"}
_UNCLOSED: Final = {
    "(": "unclosed left parenthesis",
    "[": "unexpected end of input inside brackets",
    "{": "unexpected end of input inside braces",
}
_STRAY: Final = {
    ")": "unexpected right parenthesis ')'",
    "]": "unexpected right bracket ']'",
    "}": "unexpected right brace '}'",
}


def malformed(text: str, position: int, reason: str) -> MalformedQuery:
    """The error for a query that stops making sense at `position`, in the words and numbering of Prometheus."""
    position = min(position, len(text))
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    message = f"{line}:{column}: parse error: {reason}"
    return MalformedQuery(message, line=line, column=column)


def tokens(text: str) -> list[Token]:
    """All tokens, the last of kind END. Brackets of every kind are balanced in what it returns.

    Raises:
        MalformedQuery: a character, number, string or bracket that cannot stand where it is.
    """
    found: list[Token] = []
    opened: list[Token] = []
    position = 0
    while position < len(text):
        match = (_BRACKETS if opened and opened[-1].text == "[" else _OUTSIDE).match(text, position)
        if match is None:
            raise malformed(text, position, _no_token(text, position))
        kind = match.lastgroup or "skip"
        if kind != "skip":
            token = Token(Kind(kind), match.group(), position)
            if kind == "punctuation":
                _balance(text, token, opened)
            found.append(token)
        position = match.end()
    if opened:
        raise malformed(text, len(text), _UNCLOSED[opened[-1].text])
    found.append(Token(Kind.END, "", len(text)))
    return found


def _balance(text: str, token: Token, opened: list[Token]) -> None:
    """Keep the stack of open brackets."""
    if token.text in _UNCLOSED:
        if opened and opened[-1].text != "(":
            inside = "braces" if opened[-1].text == "{" else "brackets"
            raise malformed(
                text, token.position, f"unexpected left {_NAMES[token.text]} '{token.text}' inside {inside}"
            )
        opened.append(token)
    elif token.text in _CLOSES:
        if not opened or opened[-1].text != _CLOSES[token.text]:
            raise malformed(text, token.position, _STRAY[token.text])
        opened.pop()


_NAMES: Final = {"(": "parenthesis", "[": "bracket", "{": "brace"}


def _no_token(text: str, position: int) -> str:
    """Why no token starts at `position`."""
    character = text[position]
    if character in "\"'":
        return "unterminated quoted string"
    if character == "`":
        return "unterminated raw string"
    if character.isdigit() or (character == "." and text[position + 1 : position + 2].isdigit()):
        word = _WORD.match(text, position)
        return f"bad number or duration syntax: {word.group() if word else character!r}"
    if character == "!":
        return "unexpected character after '!'"
    return f"unexpected character: {character!r}"


def depth(found: list[Token]) -> tuple[int, Token]:
    """How deep the tree gets, and the token where that is: operators chained in each open bracket, which counts for three itself.

    Three, because each function that walks the tree calls itself through about three times as many others for a bracket.
    """
    deepest, where, level = 0, found[-1], 0
    chained = [0]
    for token in found:
        if token.text == "(" and token.kind is Kind.PUNCTUATION:
            level += _BRACKET_WEIGHT
            chained.append(0)
        elif token.text == ")" and token.kind is Kind.PUNCTUATION:
            level -= _BRACKET_WEIGHT + chained.pop()
        elif token.text == "," and token.kind is Kind.PUNCTUATION:
            level -= chained[-1]
            chained[-1] = 0
        elif (
            token.kind is Kind.OPERATOR
            or token.text == "["
            or (token.kind is Kind.IDENTIFIER and token.word in _WORD_OPERATORS)
        ):
            level += 1
            chained[-1] += 1
        if level > deepest:
            deepest, where = level, token
    return deepest, where


_BRACKET_WEIGHT: Final = 3
_WORD_OPERATORS: Final = frozenset({"and", "or", "unless", "atan2"})
