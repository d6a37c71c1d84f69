"""Matchers as Alertmanager writes them, in its UTF-8 syntax and in the classic one.

Source: https://prometheus.io/docs/alerting/latest/configuration/#matcher. A text is read in both syntaxes, as Alertmanager does
unless it is told otherwise: where only one can read it that one counts, and where they disagree the classic one does. Regexes are
those of `domain.regex`: anchored, linear in time, and their dot matches a line feed.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sightline.domain.errors import BadData
from sightline.domain.go_literals import is_character, unquoted
from sightline.domain.labels import Matcher, Matchers, MatchOp

_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_RESERVED: Final = re.compile(rf"""[{_SPACE}{{}}!=~,\\"'`]""")
_TOKEN: Final = re.compile(
    rf"""[{_SPACE}]*(?:(?P<open>\{{)|(?P<close>\}})|(?P<comma>,)|(?P<op>=~|!=|!~|=)|(?P<quoted>"(?:[^"\\]|\\.)*")"""
    rf"""|(?P<plain>[^{_SPACE}{{}}!=~,\\"'`]+)|(?P<end>\Z))""",
    re.DOTALL,
)
_CLASSIC_SPACE: Final = "\t\n\f\r "
_CLASSIC: Final = re.compile(
    rf"[{_CLASSIC_SPACE}]*([a-zA-Z_:][a-zA-Z0-9_:]*)[{_CLASSIC_SPACE}]*(=~|=|!=|!~)(.*)", re.DOTALL
)
_OPERATORS: Final = tuple(MatchOp)


def parse_matchers(text: str) -> Matchers:
    """Read matchers, separated by commas, in braces or without; an empty text has none.

    Raises:
        BadData: neither syntax can read it, or a regex does not compile; columns count from 1.
    """
    if not all(is_character(ord(char)) for char in text):
        raise BadData(f"{text!a} holds bytes that are no UTF-8")
    problem, found, classic = None, None, None
    try:
        found = tuple(_parse(text))
    except BadData as error:
        problem = error
    try:
        classic = tuple(_parse_classic(text))
    except BadData:
        if problem is not None:
            raise problem from None
    return (found or ()) if classic is None else classic


def matcher_text(matcher: Matcher) -> str:
    """A matcher as both syntaxes read it, or the UTF-8 one alone where its name needs that."""
    name = matcher.name
    return f"{_quoted(name) if not name or _RESERVED.search(name) else name}{matcher.op}{_quoted(matcher.value)}"


def matchers_text(matchers: Sequence[Matcher]) -> str:
    """Matchers in braces."""
    return f"{{{','.join(map(matcher_text, matchers))}}}"


def sorted_matchers(matchers: Sequence[Matcher]) -> Matchers:
    """Matchers in the order that Alertmanager gives those of a route: by name, value and operator."""
    return tuple(sorted(matchers, key=lambda one: (one.name, one.value, _OPERATORS.index(one.op))))


def _quoted(text: str) -> str:
    """A text in double quotes, with the escapes that both syntaxes know."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


class _Tokens:
    """The tokens of a text, one after another; the last is an `end`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self.kind = ""
        self.value = ""
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self._text, self._position)
        if match is None:
            rest = self._text[self._position :].lstrip()
            column = len(self._text) - len(rest) + 1
            raise BadData(f"column {column}: {rest[:20]!r} is neither a name, an operator nor a text in double quotes")
        self.kind = match.lastgroup or "end"
        self.value = match[self.kind]
        self._column = match.start(self.kind) + 1
        self._position = match.end()

    def take(self, what: str, *kinds: str) -> str:
        """The value of the token, which is one of the kinds, unquoted; goes on to the next."""
        if self.kind not in kinds:
            raise self.unexpected(what)
        value = _unquoted(self.value, self._column) if self.kind == "quoted" else self.value
        self.advance()
        return value

    def unexpected(self, what: str) -> BadData:
        shown = "the text ends" if self.kind == "end" else f"there is {self.value[:20]!r}"
        return BadData(f"column {self._column}: {shown} where {what} is expected")


def _parse(text: str) -> Iterator[Matcher]:
    """Read the UTF-8 syntax."""
    tokens = _Tokens(text)
    in_braces = tokens.kind == "open"
    if in_braces:
        tokens.advance()
    last = "close" if in_braces else "end"
    while tokens.kind != last:
        name = tokens.take("the name of a label", "quoted", "plain")
        op = MatchOp(tokens.take("=, !=, =~ or !~", "op"))
        yield Matcher(name, op, tokens.take("a value", "quoted", "plain"))
        if tokens.kind != last:
            tokens.take("a comma" if last == "end" else "a comma or a closing brace", "comma")
    if in_braces:
        tokens.advance()
    if tokens.kind != "end":
        raise tokens.unexpected("the end of the matchers")


def _unquoted(quoted: str, column: int) -> str:
    """The text that a token in double quotes stands for, with the escapes of Go."""
    if "\n" in quoted:
        raise BadData(f"column {column}: a line feed within quotes: write \\n")
    try:
        return unquoted(quoted, errors="strict")
    except BadData as error:
        raise BadData(f"column {column}: {error.message}: a backslash is written twice") from None
    except UnicodeDecodeError:
        raise BadData(f"column {column}: {quoted[:40]} holds bytes that are no UTF-8") from None


def _parse_classic(text: str) -> Iterator[Matcher]:
    """Read the classic syntax, which takes values without quotes and lone backslashes."""
    for part in _classic_parts(text.removeprefix("{").removesuffix("}")):
        match = _CLASSIC.fullmatch(part)
        if match is None:
            raise BadData(f'{part[:80]!r} is no matcher: write for example severity="critical" or team=~"web|db"')
        yield Matcher(match[1], MatchOp(match[2]), _classic_value(match[3].strip(_CLASSIC_SPACE)))


def _classic_parts(text: str) -> Iterator[str]:
    """What stands between commas that are not within quotes."""
    start, is_quoted, is_escaped = 0, False, False
    for position, char in enumerate(text):
        if char == "," and not is_quoted:
            yield text[start:position]
            start = position + 1
        if char == '"' and not is_escaped:
            is_quoted = not is_quoted
        # A comma leaves it open whether a backslash before it escapes what comes after.
        if char != ",":
            is_escaped = char == "\\" and not is_escaped
    if last := text[start:].strip():
        yield last


def _classic_value(raw: str) -> str:
    is_quoted = raw.startswith('"')
    inner, found, is_escaped = raw[is_quoted:], list[str](), False
    for position, char in enumerate(inner):
        is_last = position == len(inner) - 1
        if is_escaped:
            found.append({"n": "\n", '"': '"', "\\": "\\"}.get(char, f"\\{char}"))
            is_escaped = False
        elif char == "\\" and not is_last:
            is_escaped = True
        elif char == '"':
            if not is_quoted or not is_last:
                raise BadData(f"{raw[:80]} holds a double quote without a backslash before it")
            return "".join(found)
        else:
            found.append(char)
    if is_quoted:
        raise BadData(f"{raw[:80]} has no closing quote")
    return "".join(found)
