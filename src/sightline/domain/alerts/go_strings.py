"""What templates do to texts, as Go's packages strings and regexp do: https://pkg.go.dev/strings, https://pkg.go.dev/regexp."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sightline.domain.alerts.go_format import MAX_OUTPUT, joined, too_long
from sightline.domain.errors import BadData, Unprocessable
from sightline.domain.regex import compiled_regex, expansion


def by_letter(change: Callable[[str], str], text: str) -> str:
    """A text with each letter changed by itself, where that is one letter as well."""
    if text.isascii():
        return change(text)
    return "".join(
        [new if len(new := change(each)) == 1 else "i" if each == "\u0130" and new[0] == "i" else each for each in text]
    )


@lru_cache(256)
def regex(text: str) -> Any:
    """A regex, made ready.

    Raises:
        Unprocessable: it does not compile.
    """
    try:
        return compiled_regex(text, dot_nl=False)
    except BadData as error:
        raise Unprocessable(error.message) from None


def matches(expression: str, text: str) -> bool:
    """Whether a regex matches a text anywhere."""
    return regex(expression).search(text) is not None


def replaced(expression: str, replacement: str, text: str) -> str:
    """A text with all that a regex matches replaced; `$1` and `${name}` are what its groups matched."""
    pattern, pieces, left = regex(expression), list[str](), MAX_OUTPUT
    expand = expansion(replacement, pattern)
    at, ended = 0, -1
    for match in pattern.finditer(text):
        start, end = match.span()
        if start == end == ended:  # Go takes no empty match right after another
            continue
        pieces += (text[at:start], expand(match))
        left -= len(pieces[-1]) + len(pieces[-2])
        if left < 0:
            raise too_long()
        at = ended = end
    pieces.append(text[at:])
    return joined(pieces)
