"""label_replace and label_join: labels made from labels, series by series."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import re2

from sightline.domain.errors import Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.promql.rows import unique
from sightline.domain.promql.values import Vector

_REFERENCE: Final = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)


def replace(vector: Vector, target: str, replacement: str, source: str, regex: str) -> Vector:
    """Where `regex` matches all of the source label, the target becomes the replacement: label_replace.

    `$1` and `${name}` stand for what groups of the regex matched. An empty value takes the label away.

    Raises:
        Unprocessable: a regex that does not compile, or a target without a name.
        VectorMatchingFailed: two series become the same.
    """
    pattern = _compiled(regex)
    _require_name(target, "destination", "label_replace")
    expand = _template(replacement, pattern)

    def replaced(labels: Labels) -> Labels:
        match = pattern.fullmatch(labels.get(source))
        return labels if match is None else _set(labels, target, expand(match))

    return _relabelled(vector, replaced)


def join(vector: Vector, target: str, separator: str, sources: Sequence[str]) -> Vector:
    """The target becomes the source labels with the separator between them: label_join.

    Raises:
        Unprocessable: a label without a name.
        VectorMatchingFailed: two series become the same.
    """
    _require_name(target, "destination", "label_join")
    for source in sources:
        _require_name(source, "source", "label_join")
    return _relabelled(
        vector, lambda labels: _set(labels, target, separator.join(labels.get(source) for source in sources))
    )


def _relabelled(vector: Vector, change: Callable[[Labels], Labels]) -> Vector:
    return unique(Vector(tuple([change(labels) for labels in vector.labels]), vector.values, vector.present))


def _set(labels: Labels, name: str, value: str) -> Labels:
    return Labels.of([*labels, (name, value)])


def _require_name(name: str, role: str, function: str) -> None:
    if not name:
        message = f"invalid {role} label name in {function}(): {name}"
        raise Unprocessable(message)


def _compiled(regex: str) -> Any:
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile(regex, options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        message = f"invalid regular expression in label_replace(): {regex}: {reason}"
        raise Unprocessable(message) from None


def _template(text: str, pattern: Any) -> Callable[[Any], str]:
    """What expands `$1`, `$name`, `${name}` and `$$` of a match; a group that is not there is empty, a lone `$` itself."""
    parts: list[str | int] = []
    position = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[position : found.start()])
        position = found.end()
        if found[1]:
            parts.append("$")
        elif (number := _group(found[2] or found[3], pattern)) is not None:
            parts.append(number)
    parts.append(text[position:])
    return lambda match: "".join(part if isinstance(part, str) else match.group(part) or "" for part in parts)


def _group(name: str, pattern: Any) -> int | None:
    """The number of a group by its number or name; None when the pattern has no such group."""
    if not name.isdigit():
        named: Mapping[str, int] = pattern.groupindex
        return named.get(name)
    return int(name) if len(name) < 4 and int(name) <= pattern.groups else None  # noqa: PLR2004 - RE2 has fewer than 1000
