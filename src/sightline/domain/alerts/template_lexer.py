"""The words of a template, as Go's text/template has them: https://pkg.go.dev/text/template."""

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from sightline.domain.errors import BadData

_SPACE: Final = " \t\r\n"
_SHOWN: Final = 60
_LONGEST_PROBLEM: Final = 500
_COMMENT_END: Final = re.compile(r"\*/(?:[ \t\r\n]-)?\}\}")
# A word ends before space, a mark or the end of the action; so `a+b` is no word.
_ENDS: Final = r"(?=[ \t\r\n.,|:()]|\}\}|\Z)"
_WORD: Final = re.compile(
    rf"""
      (?P<close>[ \t\r\n]+-\}}\}}|\}}\}})
    | (?P<space>[ \t\r\n]+)
    | (?P<number>(?=[+-]|\.?[0-9])[+-]?(?:
          0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
        | 0[oO][0-7_]*
        | 0[bB][01_]*
        | [0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?
      )(?!\w))
    | (?P<field>\.\w+){_ENDS}
    | (?P<dot>\.){_ENDS}
    | (?P<variable>\$\w*){_ENDS}
    | (?P<name>[^\W\d]\w*){_ENDS}
    | (?P<string>"(?:\\[^\n]|[^"\\\n])*"|`[^`]*`)
    | (?P<character>'(?:\\[^\n]|[^'\\\n])*')
    | (?P<mark>:=|[=,|()])
    """,
    re.VERBOSE,
)


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    OPEN = auto()
    CLOSE = auto()
    SPACE = auto()
    NUMBER = auto()
    FIELD = auto()
    DOT = auto()
    VARIABLE = auto()
    NAME = auto()
    STRING = auto()
    CHARACTER = auto()
    MARK = auto()
    END = auto()


_KINDS: Final = {kind.name.lower(): kind for kind in Kind}


class Token(NamedTuple):
    """A piece of a template. at: where it begins, characters from 0."""

    kind: Kind
    text: str
    at: int


def refusal(source: str, at: int, problem: str) -> BadData:
    """The error of a template that is wrong at a character; the message and its detail say line and column, from 1."""
    line, column = place(source, at)
    return BadData(f"template, line {line}, column {column}: {brief(problem)}", line=line, column=column)


def brief(problem: str) -> str:
    """What is wrong, cut where it shows too much of what it is about."""
    return problem if len(problem) <= _LONGEST_PROBLEM else problem[:_LONGEST_PROBLEM] + "..."


def place(source: str, at: int) -> tuple[int, int]:
    """Line and column of a character, from 1."""
    return source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)


def tokens(source: str) -> list[Token]:
    """Cut a template into its tokens; text is trimmed where markers say so, comments are gone, and the last token is END.

    Raises:
        BadData: an action, comment, text in quotes or number that does not end as it should, or a character out of place.
    """
    found: list[Token] = []
    at, trims = 0, False
    while True:
        opened = source.find("{{", at)
        end = len(source) if opened < 0 else opened
        begins = opened + 2
        trimmed = opened >= 0 and source.startswith("-", begins) and source[begins + 1 : begins + 2] in _spaces()
        text = source[at:end]
        if trims:
            text = text.lstrip(_SPACE)
        if trimmed:
            text = text.rstrip(_SPACE)
            begins += 2
        if text:
            found.append(Token(Kind.TEXT, text, at))
        if opened < 0:
            found.append(Token(Kind.END, "", len(source)))
            return found
        if source.startswith("/*", begins):
            at, trims = _after_comment(source, opened, begins)
        else:
            found.append(Token(Kind.OPEN, "{{", opened))
            at = _action(source, opened, begins, found)
            trims = found[-1].text != "}}"


def _spaces() -> tuple[str, ...]:
    return tuple(_SPACE)


def _after_comment(source: str, opened: int, begins: int) -> tuple[int, bool]:
    """Where a comment's action ends, and whether the text after it is trimmed."""
    end = source.find("*/", begins + 2)
    closed = _COMMENT_END.match(source, end) if end >= 0 else None
    if end < 0:
        raise refusal(source, opened, "a comment is opened by '/*' and never closed by '*/'")
    if closed is None:
        raise refusal(source, opened, "a comment must be all that is between '{{' and '}}'")
    return closed.end(), len(closed[0]) > len("*/}}")


def _action(source: str, opened: int, at: int, found: list[Token]) -> int:
    """Add the tokens of an action up to its closing braces; gives where it ends."""
    while True:
        word = _WORD.match(source, at)
        if word is None or word.lastgroup is None or word.end() == at:
            raise refusal(source, *_wrong(source, opened, at))
        found.append(Token(_KINDS[word.lastgroup], word[0], at))
        at = word.end()
        if word.lastgroup == "close":
            return at


def _wrong(source: str, opened: int, at: int) -> tuple[int, str]:
    """Where and why no token can begin here."""
    rest = source[at : at + _SHOWN]
    if not rest:
        return opened, "an action is opened by '{{' and never closed by '}}'"
    if rest[0] in "\"`'":
        return at, f"the quote {rest[0]} is never closed"
    if rest[0] in "+-.0123456789" and re.match(r"[+-]?\.?[0-9]", rest):
        return at, f"{re.split(r'[ |)}]', rest)[0]!r} is no number"
    shown = re.match(r"[.$]?\w+(.)", rest, re.DOTALL)
    return at, f"{shown[1] if shown else rest[0]!r} must not stand here"
