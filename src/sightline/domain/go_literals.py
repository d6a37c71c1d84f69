"""Texts in quotes, read as Go's compiler reads string and rune literals, and written as strconv.Quote writes them.

Sources: https://go.dev/ref/spec#String_literals, https://go.dev/ref/spec#Rune_literals, https://pkg.go.dev/strconv#Quote. PromQL,
templates, matchers and what Prometheus' tools print have their quotes from there.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from sightline.domain.errors import BadData

ESCAPE: Final = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\\"'])|(?P<octal>[0-7]{3})|x(?P<byte>[0-9a-fA-F]{2})"
    r"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|.?)",
    re.DOTALL,
)
"""A backslash and what belongs to it; without a last group it begins no escape sequence."""

_SIMPLE: Final[Mapping[str, str]] = dict(zip("abfnrtv\\\"'", "\a\b\f\n\r\t\v\\\"'", strict=True))
_WRITTEN: Final[Mapping[str, str]] = {meant: f"\\{letter}" for letter, meant in _SIMPLE.items() if letter not in "\"'"}
_QUOTES: Final = frozenset("\"'")
_BYTES: Final = frozenset({"octal", "byte"})
_MAX_BYTE: Final = 0xFF
_MAX_CHARACTER: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)
_MAX_OF_FOUR_DIGITS: Final = 0xFFFF


def is_character(code: int) -> bool:
    """Whether a code point may stand in a text: it is one of Unicode's, and no surrogate."""
    return 0 <= code <= _MAX_CHARACTER and code not in _SURROGATES


def is_escape(escape: re.Match[str], quote: str = '"') -> bool:
    """Whether a match of `ESCAPE` within such quotes is an escape sequence."""
    return _code(escape, quote) is not None


def unescaped(escape: re.Match[str], quote: str = '"') -> bytes | None:
    """The byte, or the character in UTF-8, that a match of `ESCAPE` within such quotes stands for; None where it is no escape."""
    code = _code(escape, quote)
    if code is None:
        return None
    return bytes([code]) if escape.lastgroup in _BYTES else chr(code).encode()


def unquoted(literal: str, errors: str = "replace") -> str:
    """The text of a string literal in quotes of any kind; a raw one, in backquotes, loses its carriage returns.

    errors: what becomes of bytes that are no UTF-8, as in `bytes.decode`.

    Raises:
        BadData: it has a backslash that begins no escape sequence.
        UnicodeDecodeError: bytes are no UTF-8, and `errors` is `strict`.
    """
    quote, inner = literal[0], literal[1:-1]
    if quote == "`":
        return inner.replace("\r", "")
    return b"".join(_pieces(inner, quote)).decode(errors=errors) if "\\" in inner else inner


def rune(literal: str) -> int:
    """The number that a rune literal stands for: a code point, or a byte where it is escaped as one.

    Raises:
        BadData: it is not one character.
    """
    inner = literal[1:-1]
    if len(inner) == 1 and inner != "\\":
        return ord(inner)
    escape = ESCAPE.match(inner)
    if escape is None or escape.end() < len(inner):
        raise BadData(f"{literal} is not one character")
    code = _code(escape, "'")
    if code is None:
        raise _refused(escape)
    return code


def quoted(text: str, quote: str = '"', *, ascii_only: bool = False) -> str:
    """A text in quotes; what cannot be printed is escaped, with ascii_only whatever is not ASCII as well."""
    if text.isprintable() and not (quote in text or "\\" in text or (ascii_only and not text.isascii())):
        return f"{quote}{text}{quote}"
    return quote + "".join([_escaped(each, quote, ascii_only=ascii_only) for each in text]) + quote


def _code(escape: re.Match[str], quote: str) -> int | None:
    """The number of the byte or the character that an escape sequence stands for."""
    kind = escape.lastgroup
    if kind is None:
        return None
    body = escape[kind]
    if kind == "simple":
        # Of the two quotes the one that stands around the text is escaped, and no other.
        return None if body in _QUOTES and body != quote else ord(_SIMPLE[body])
    code = int(body, 8 if kind == "octal" else 16)
    return code if (code <= _MAX_BYTE if kind in _BYTES else is_character(code)) else None


def _pieces(inner: str, quote: str) -> Iterator[bytes]:
    """What stands between the escape sequences of a text, and what they stand for."""
    at = 0
    for escape in ESCAPE.finditer(inner):
        yield inner[at : escape.start()].encode(errors="replace")
        at = escape.end()
        meant = unescaped(escape, quote)
        if meant is None:
            raise _refused(escape)
        yield meant
    yield inner[at:].encode(errors="replace")


def _refused(escape: re.Match[str]) -> BadData:
    return BadData(f"{escape[0]!r} is no escape sequence")


def _escaped(character: str, quote: str, *, ascii_only: bool) -> str:
    if character == quote:
        return f"\\{quote}"
    if (written := _WRITTEN.get(character)) is not None:
        return written
    if character.isprintable() and (character.isascii() or not ascii_only):
        return character
    code = ord(character)
    if character.isascii():
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _MAX_OF_FOUR_DIGITS else f"\\U{code:08x}"
