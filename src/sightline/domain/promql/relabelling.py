"""label_replace and label_join: labels made from labels, series by series."""

from collections.abc import Callable, Sequence
from typing import Any

from sightline.domain.errors import BadData, Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.promql.rows import unique
from sightline.domain.promql.values import Vector
from sightline.domain.regex import compiled_regex, expansion


def replace(vector: Vector, target: str, replacement: str, source: str, regex: str) -> Vector:
    """Where `regex` matches all of the source label, the target becomes the replacement: label_replace.

    `$1` and `${name}` stand for what groups of the regex matched. An empty value takes the label away.

    Raises:
        Unprocessable: a regex that does not compile, or a target without a name.
        VectorMatchingFailed: two series become the same.
    """
    pattern = _compiled(regex)
    _require_name(target, "destination", "label_replace")
    expand = expansion(replacement, pattern)

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
    try:
        return compiled_regex(regex)
    except BadData:
        raise Unprocessable(f"invalid regular expression in label_replace(): {regex}") from None
