"""Regexes over label values, by RE2, and templates of what their groups matched."""

import re
from collections.abc import Callable
from typing import Any, Final

import re2

from sightline.domain.errors import BadData

_REFERENCE: Final = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_PREFIX_BYTES: Final = 64
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,8}")


def compiled_regex(regex: str, *, dot_nl: bool = True) -> Any:
    """A regex over label values, made ready: RE2, whose dot matches a line feed unless told otherwise.

    Raises:
        BadData: it does not compile; the message is the one that Prometheus, hence Go, has for that.
    """
    options = re2.Options()
    options.dot_nl = dot_nl
    options.log_errors = False
    try:
        return re2.compile(regex, options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise BadData(_as_go_says(reason)) from None


def certain_prefix(regex: Any) -> str:
    """What every text begins with that a regex of `compiled_regex` matches as a whole; empty where nothing is certain."""
    try:
        least, most = regex.possiblematchrange(_PREFIX_BYTES)
    except re2.error:
        return ""
    # Of a character of several bytes that is cut off nothing is left.
    same = next((at for at, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), min(len(least), len(most)))
    found: str = least[:same].decode(errors="ignore")
    return found


_REASONS: Final = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}
"""RE2's reasons, in Go's words, where these are others."""


def _as_go_says(reason: str) -> str:
    """RE2's message in the form of Go's package regexp, which quotes the part that is wrong."""
    why, _, part = reason.partition(": ")
    return f"error parsing regexp: {_REASONS.get(why, why)}: `{part}`"


def expansion(template: str, pattern: Any) -> Callable[[Any], str]:
    """What makes a text of a match of the pattern: the template, with what groups matched for `$1`, `${1}`, `$name` and `${name}`.

    As Go's Regexp.Expand: a name is as long as can be (letters of any script, digits, underscores), a group that is not there is
    empty, `$$` is a dollar sign, and any other dollar sign stands for itself.
    """
    parts: list[str | int] = []
    position = 0
    for reference in _REFERENCE.finditer(template):
        parts.append(template[position : reference.start()])
        parts.append(_part(reference[1] or reference[2], pattern))
        position = reference.end()
    parts.append(template[position:])
    used = {part for part in parts if isinstance(part, int)}

    def expand(match: Any) -> str:
        groups = {number: match.group(number) or "" for number in used}
        return "".join([part if isinstance(part, str) else groups[part] for part in parts])

    return expand


def _part(name: str | None, pattern: Any) -> str | int:
    """The number of the group that a reference names, or the text that it is without one."""
    if name is None:
        return "$"
    if not _NUMBER.fullmatch(name):
        return int(pattern.groupindex.get(name, 0)) or ""
    return int(name) if int(name) <= pattern.groups else ""
