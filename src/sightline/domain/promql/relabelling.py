"""label_replace and label_join: labels made from labels, series by series."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final

from sightline.domain.errors import BadData, TooMuchMemory, Unprocessable
from sightline.domain.labels import Labels
from sightline.domain.promql.rows import unique
from sightline.domain.promql.values import Vector
from sightline.domain.regex import compiled_regex, expansion

# A tuple and what refers to it; a tuple of two. Names, and values that stay, are those of before.
_SET: Final = 100
_PAIR: Final = 64

LONGEST: Final = 1 << 20
"""Characters that a label may be made of."""

Spend = Callable[[int], None]
"""Told of the bytes that labels will take before they are made; it may refuse them."""


def _freely(_size: int) -> None:
    """Refuse nothing."""


def replace(vector: Vector, target: str, replacement: str, source: str, regex: str, spend: Spend = _freely) -> Vector:
    """Where `regex` matches all of the source label, the target becomes the replacement: label_replace.

    `$1` and `${name}` stand for what groups of the regex matched. An empty value takes the label away.

    Raises:
        Unprocessable: a regex that does not compile, or a target without a name.
        TooMuchMemory: labels longer than any may be, or more than `spend` allows.
        VectorMatchingFailed: two series become the same.
    """
    pattern = _compiled(regex)
    _require_name(target, "destination", "label_replace")
    expand, references = expansion(replacement, pattern), replacement.count("$")

    def replaced(labels: Labels) -> Labels:
        value = labels.get(source)
        match = pattern.fullmatch(value)
        if match is None:
            return labels
        spend(_size(labels) + _allowed(len(replacement) + references * len(value)))  # no group is longer than the whole
        return _set(labels, target, expand(match))

    return _relabelled(vector, replaced)


def join(vector: Vector, target: str, separator: str, sources: Sequence[str], spend: Spend = _freely) -> Vector:
    """The target becomes the source labels with the separator between them: label_join.

    Raises:
        Unprocessable: a label without a name.
        TooMuchMemory: labels longer than any may be, or more than `spend` allows.
        VectorMatchingFailed: two series become the same.
    """
    _require_name(target, "destination", "label_join")
    for source in sources:
        _require_name(source, "source", "label_join")

    def joined(labels: Labels) -> Labels:
        values = [labels.get(source) for source in sources]
        spend(_size(labels) + _allowed(len(separator) * len(values) + sum(map(len, values))))
        return _set(labels, target, separator.join(values))

    return _relabelled(vector, joined)


def _allowed(length: int) -> int:
    """The length of a value, unless that is more than a label may have."""
    if length > LONGEST:
        message = f"a label of up to {length} characters would be made, and none may have more than {LONGEST}"
        raise TooMuchMemory(message, limit=LONGEST, length=length)
    return length


def _size(labels: Labels) -> int:
    """What a label set takes but for a new value, bytes."""
    return _SET + _PAIR * len(labels)


def _relabelled(vector: Vector, change: Callable[[Labels], Labels]) -> Vector:
    return unique(dataclasses.replace(vector, labels=tuple([change(labels) for labels in vector.labels])))


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
